import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  allocate,
  createChunk,
  type Dtype,
  isBigDtype,
  isChunkflowError,
  type TypedArray,
  type Zyx,
} from '@chunkflow/kernel/authoring'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seededRandom } from '../testing/chunk-builders.js'
import { inlineCompute } from '../testing/inline-compute.js'
import { askPython } from '../testing/system-python.js'
import { temporaryFolder } from '../testing/test-files.js'
import { type Connectivity, connectedComponents, labelComponents } from './connected-components.js'
import { labelRuns } from './label-runs.js'

const test = suite('connected components')
const services = { compute: inlineCompute() }

/** Components by flood fill, straight from the definition. */
function floodFill(data: TypedArray, [nz, ny, nx]: Zyx, connectivity: Connectivity): Uint32Array {
  const reach = { 6: 1, 18: 2, 26: 3 }[connectivity]
  const labels = new Uint32Array(data.length)
  let count = 0
  for (let seed = 0; seed < data.length; seed++) {
    if (!data[seed] || labels[seed] !== 0) continue
    labels[seed] = ++count
    const queue = [seed]
    for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
      const [z, y, x] = [Math.floor(index / (ny * nx)), Math.floor(index / nx) % ny, index % nx]
      for (let dz = -1; dz <= 1; dz++)
        for (let dy = -1; dy <= 1; dy++)
          for (let dx = -1; dx <= 1; dx++) {
            const inside =
              z + dz >= 0 && z + dz < nz && y + dy >= 0 && y + dy < ny && x + dx >= 0 && x + dx < nx
            const other = index + (dz * ny + dy) * nx + dx
            if (!inside || Math.abs(dz) + Math.abs(dy) + Math.abs(dx) > reach) continue
            if (labels[other] !== 0 || data[other] !== data[index]) continue
            labels[other] = count
            queue.push(other)
          }
    }
  }
  return labels
}

/** Few labels in stretches, many of them 0; 64-bit ones differ in one word only. */
function randomLabels(dtype: Dtype, length: number, seed: number): TypedArray {
  const random = seededRandom(seed)
  const noise = random()
  const kinds = dtype === 'bool' ? 2 : 2 + Math.floor(random() * 4)
  const data = allocate(dtype, length)
  let current = 0
  for (let index = 0; index < length; index++) {
    if (random() < noise) current = random() < 0.4 ? 0 : Math.floor(random() * kinds)
    data[index] = isBigDtype(dtype)
      ? current === 0
        ? 0n
        : (BigInt(current & 1) << 40n) + BigInt(current >> 1) + (1n << 62n)
      : current
  }
  return data
}

test('tells faces, edges and corners apart', async () => {
  // two voxels of value 5 that share a corner, two of value 7 that share an edge (between sections)
  const data = new Uint16Array([5, 0, 0, 0, 7, 0, 0, 0, 0, 0, 5, 7])
  const label = async (connectivity: Connectivity): Promise<number[]> => [
    ...(await labelComponents(data, 'uint16', [2, 2, 3], connectivity, services)).labels,
  ]
  assert.equal(await label(6), [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3, 4])
  assert.equal(await label(18), [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3, 2])
  assert.equal(await label(26), [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 2])
})

test('rows of one value each are joined by value, the largest of 64 bits included', async () => {
  const [a, b] = [2n ** 64n - 1n, 2n ** 64n - 2n]
  const data = new BigUint64Array([a, a, 0n, b, 0n, b, a, a, a])
  const { labels } = await labelComponents(data, 'uint64', [1, 3, 3], 26, services)
  assert.equal([...labels], [1, 1, 0, 2, 0, 3, 4, 4, 4])
  const alike = new BigUint64Array([a, 0n, 0n, 0n, a, 0n, 0n, 0n, a])
  assert.is((await labelComponents(alike, 'uint64', [1, 3, 3], 26, services)).count, 1)
  assert.is((await labelComponents(alike, 'uint64', [1, 3, 3], 18, services)).count, 1)
  assert.is((await labelComponents(alike, 'uint64', [3, 1, 3], 6, services)).count, 3)
})

test('agrees with flood fill for every dtype, shape and division into groups and pieces', async () => {
  const dtypes = ['bool', 'uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64'] as const
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        dtype: fc.constantFrom(...dtypes),
        connectivity: fc.constantFrom(6, 18, 26) as fc.Arbitrary<Connectivity>,
        nz: fc.integer({ min: 1, max: 5 }),
        ny: fc.integer({ min: 1, max: 6 }),
        nx: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 60, max: 140 })),
        groupRows: fc.integer({ min: 1, max: 40 }),
        pieceBytes: fc.integer({ min: 1, max: 4000 }),
        seed: fc.integer(),
      }),
      async ({ dtype, connectivity, nz, ny, nx, groupRows, pieceBytes, seed }) => {
        const shapeZyx = [nz, ny, nx] as const
        const data = randomLabels(dtype, nz * ny * nx, seed)
        const limits = { groupVoxels: 1e6, groupRows, pieceBytes }
        // what lay there before must not show
        const labels = new Uint32Array(data.length).fill(77)
        const count = await labelRuns({ data, dtype, shapeZyx, connectivity }, labels, services, limits)
        const expected = floodFill(data, shapeZyx, connectivity)
        assert.equal([...labels], [...expected])
        assert.is(count, Math.max(...expected))
      },
    ),
    { numRuns: 400 },
  )
})

test('writes into an array it is given, of the right length only', async () => {
  const data = new Uint8Array([1, 0, 2, 2, 0, 1])
  const into = new Uint32Array(6).fill(9)
  const { labels, count } = await labelComponents(data, 'uint8', [1, 2, 3], 6, services, { into })
  assert.is(labels, into)
  assert.is(count, 4)
  assert.equal([...into], [1, 0, 2, 3, 0, 4])
  const error = await labelComponents(data, 'uint8', [1, 2, 3], 6, services, {
    into: into.subarray(1),
  }).catch((reason: unknown) => reason)
  assert.ok(isChunkflowError(error))
  assert.is(error.code, 'chunk-invalid')
})

test('labels rows of more than 65535 voxels and empty arrays', async () => {
  const data = new Uint8Array(2 * 70_001).fill(3)
  data[66_000] = 0
  const { labels, count } = await labelComponents(data, 'uint8', [1, 2, 70_001], 6, services)
  assert.is(count, 1)
  assert.is(labels[66_000], 0)
  assert.is(labels[66_001], 1)
  assert.equal(await labelComponents(new Uint8Array(0), 'uint8', [0, 2, 3], 26, services), {
    labels: new Uint32Array(new SharedArrayBuffer(0)),
    count: 0,
  })
})

test('thresholds images and maps, keeps the place and never the channel', async () => {
  const map = createChunk(new Float32Array([0.9, 0.2, 0.8, 0.5]), [1, 1, 1, 4], {
    voxelOffset: [1, 2, 3],
    voxelSize: [40, 8, 4],
  })
  const result = await connectedComponents(map, { threshold: 0.5, connectivity: 6 }, services)
  assert.equal([...result.data], [1, 0, 2, 0])
  assert.equal([result.dtype, result.layerType, result.shape], ['uint32', 'segmentation', [1, 1, 4]])
  assert.equal(
    [result.voxelOffset, result.voxelSize],
    [
      [1, 2, 3],
      [40, 8, 4],
    ],
  )
  // a segmentation keeps its ids apart whatever the threshold
  const labels = createChunk(new Uint32Array([7, 8, 8, 0]), [1, 1, 4])
  const split = await connectedComponents(labels, { threshold: 7, connectivity: 6 }, services)
  assert.equal([...split.data], [1, 2, 2, 0])
})

test('refuses floats without a threshold', async () => {
  try {
    await connectedComponents(createChunk(new Float32Array(8), [2, 2, 2]), { connectivity: 6 }, services)
    assert.unreachable()
  } catch (error) {
    assert.is((error as { code: string }).code, 'dtype-unsupported')
  }
})

test('numbers components as scipy and scikit-image do', async () => {
  const folder = temporaryFolder()
  try {
    const shape = [9, 31, 150] as const
    const length = shape[0] * shape[1] * shape[2]
    const file = path.join(folder.path, 'labels.raw')
    const script = [
      'import sys, numpy as np, scipy.ndimage, skimage.measure',
      'a = np.fromfile(sys.argv[1], sys.argv[2]).reshape(9, 31, 150)',
      'for rank in (1, 2, 3):',
      "  l = skimage.measure.label(a, background=0, connectivity=rank).astype('uint32')",
      '  l.tofile(sys.argv[1] + str(rank))',
      '  if a.max() == 1:',
      '    s = scipy.ndimage.label(a, scipy.ndimage.generate_binary_structure(3, rank))[0]',
      '    assert np.array_equal(s, l)',
    ].join('\n')
    for (const dtype of ['uint8', 'uint16', 'uint32'] as const)
      for (const seed of [1, 2, 3]) {
        const data = randomLabels(dtype, length, seed)
        if (dtype === 'uint8') for (let index = 0; index < length; index++) data[index] = data[index] ? 1 : 0
        writeFileSync(file, data)
        if (askPython(['scipy', 'skimage'], script, { args: [file, dtype] }) === null) return
        for (const [index, connectivity] of ([6, 18, 26] as const).entries()) {
          const expected = readFileSync(`${file}${index + 1}`)
          const { labels } = await labelComponents(data, dtype, shape, connectivity, services)
          const bytes = Buffer.from(labels.buffer, labels.byteOffset, labels.byteLength)
          assert.ok(bytes.equals(expected), `${dtype} ${seed} ${connectivity}`)
        }
      }
  } finally {
    folder.remove()
  }
})

test.run()
