import { type Compute, createChunk } from '@chunkflow/sdk'
import { inlineCompute, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPool } from '../../../compute/src/pool.js'
import { buildMeshes } from '../build-meshes.js'
import { createCrew } from '../crew.js'
import { decodeFragment } from '../formats/fragment.js'
import { trianglesByPlace } from '../testing/topology.js'
import { joinMeshes } from '../worker/join.js'
import { type BatchLimits, batchesOf, partsOf } from './batches.js'

const test = suite('batches')
const compute = inlineCompute()
const ENTRY = new URL('../mesh.worker.ts', import.meta.url)

test('labels go together up to the limit, large ones alone', () => {
  const triangles = Uint32Array.of(30, 50, 30, 0, 101, 5, 90, 200)
  const batches = [
    ...batchesOf({ triangles, vertices: triangles }, { batchTriangles: 100, partTriangles: 100 }),
  ]
  assert.equal(
    batches.map(({ from, to }) => [from, to]),
    [
      [0, 2],
      [2, 4],
      [4, 5],
      [5, 7],
      [7, 8],
    ],
  )
})

const chunk = createChunk(randomChunk([9, 8, 11], { dtype: 'uint8' }, { limit: 3 }).data, [9, 8, 11], {
  voxelOffset: [3, -5, 70],
})
const labels = { chunk, first: 0, stop: 9 }
const EVERYTHING = { batchTriangles: 1e9, partTriangles: 1e9 }

test('parts have what the whole has', async () => {
  for (const partTriangles of [1, 150, 400]) {
    const parts = []
    for await (const part of partsOf(labels, 2n, { compute }, { batchTriangles: 1e9, partTriangles }))
      parts.push(part)
    const whole = []
    for await (const part of partsOf(labels, 2n, { compute }, EVERYTHING)) whole.push(part)
    assert.is(whole.length, 1)
    assert.ok(parts.length > 1)
    assert.equal(trianglesByPlace(joinMeshes(parts)), trianglesByPlace(whole[0]!))
    assert.is(joinMeshes(parts).vertices.length, whole[0]!.vertices.length)
  }
})

/** Files by id. */
async function build(limits: BatchLimits, factor: number, on: Compute = compute) {
  const crew = createCrew(on, ENTRY)
  const files = new Map<bigint, Uint8Array>()
  const options = {
    voxelOffsetZyx: chunk.voxelOffset,
    voxelSizeNm: [40, 8, 4] as const,
    factor,
    maximumErrorNm: 40,
    format: 'precomputed' as const,
    gzip: false,
  }
  try {
    const services = { compute: on, crew, limits }
    await buildMeshes(chunk, BigUint64Array.of(1n, 2n), options, services, async ({ id, bytes }) => {
      files.set(id, new Uint8Array(bytes))
    })
  } finally {
    await crew.close()
  }
  return new Map([...files].sort(([left], [right]) => Number(left - right)))
}

test('limits do not change what is built', async () => {
  const shapeOf = (bytes: Uint8Array): string[] => {
    const { vertices, triangles } = decodeFragment(bytes, 'here')
    return trianglesByPlace({ vertices: new Uint32Array(vertices.buffer, 0, vertices.length), triangles })
  }
  const whole = await build(EVERYTHING, 1)
  assert.equal([...whole.keys()], [1n, 2n])
  for (const limits of [
    { batchTriangles: 10, partTriangles: 1e9 },
    { batchTriangles: 1e9, partTriangles: 200 },
  ]) {
    const files = await build(limits, 1)
    for (const [id, bytes] of whole) assert.equal(shapeOf(files.get(id)!), shapeOf(bytes))
  }
})

test('workers build the same bytes, in whole and in parts, and so does a repetition', async () => {
  const pool = createPool(new URL('../../../compute/src/kernel.worker.ts', import.meta.url), 2)
  try {
    for (const partTriangles of [1e9, 300]) {
      const limits = { batchTriangles: 1e9, partTriangles }
      assert.equal(await build(limits, 4, pool), await build(limits, 4))
    }
  } finally {
    await pool.dispose()
  }
})

test.run()
