import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createChunk } from '@chunkflow/sdk'
import { temporaryFolder } from '@chunkflow/sdk/testing'
import { type Bench, pythonSeconds } from '../../../test/bench/measure.js'
import { createPool } from '../../compute/src/pool.js'
import { countSurfaces, extractSurfaces } from '../src/surfaces/surfaces.js'

const SMALL = [22, 120, 140] as const
const SIZE = [88, 240, 280] as const

/**
 * One label made of every other object of a segmentation, mirrored at its ends: scikit-image knows two values only, so that
 * both programs do the same work, and make the same vertices, in one pass each. (With many labels it would need one pass a label.)
 */
function mask(): Uint8Array {
  const stored = gunzipSync(
    readFileSync(new URL('../../../test/fixtures/agglomerate/segmentation_7.u32.gz', import.meta.url)),
  )
  const labels = new Uint32Array(new Uint8Array(stored).buffer)
  const result = new Uint8Array(new SharedArrayBuffer(SIZE[0] * SIZE[1] * SIZE[2]))
  const mirror = (place: number, size: number): number => {
    const turn = place % (2 * size)
    return turn < size ? turn : 2 * size - 1 - turn
  }
  let index = 0
  for (let z = 0; z < SIZE[0]; z++)
    for (let y = 0; y < SIZE[1]; y++)
      for (let x = 0; x < SIZE[2]; x++) {
        const row = mirror(z, SMALL[0]) * SMALL[1] + mirror(y, SMALL[1])
        result[index++] = labels[row * SMALL[2] + mirror(x, SMALL[2])]! & 1
      }
  return result
}

const SKIMAGE = `
import json, sys, time
import numpy as np
from skimage.measure import marching_cubes
mask = np.fromfile(sys.argv[1], 'u1').reshape(${SIZE.join()})
wall, cpu = time.perf_counter(), time.process_time()
vertices, faces, _, _ = marching_cubes(mask, 0.5, method='lorensen')
print(json.dumps({'wall': time.perf_counter() - wall, 'cpu': time.process_time() - cpu, 'vertices': len(vertices)}))`

/** Extraction of a surface, counting and copies included, on a worker, against scikit-image's marching cubes. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const { path: folder, remove } = temporaryFolder()
  const compute = createPool(new URL('../../compute/src/kernel.worker.ts', import.meta.url))
  try {
    const chunk = createChunk(mask(), SIZE)
    const file = path.join(folder, 'mask')
    writeFileSync(file, chunk.data as Uint8Array)
    const labels = { chunk, first: 0, stop: SIZE[0] }
    const ids = BigUint64Array.of(1n)
    const extract = async (): Promise<number> => {
      const counts = await countSurfaces(labels, ids, { compute })
      return (await extractSurfaces(labels, ids, counts, { compute })).vertices.length / 3
    }
    const theirs = pythonSeconds(SKIMAGE, file) as unknown as { vertices: number }
    if ((await extract()) !== theirs.vertices) throw new Error('the surfaces have other vertices')
    await ratio(
      `meshes: surface of a mask / scikit-image, ${SIZE.join('x')}`,
      async () => void (await extract()),
      () => pythonSeconds(SKIMAGE, file),
      { target: 0.7 },
    )
  } finally {
    await compute.dispose()
    remove()
  }
}
