import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createChunk } from '@chunkflow/sdk'
import { inlineCompute, temporaryFolder } from '@chunkflow/sdk/testing'
import { type Bench, pythonSeconds } from '../../../test/bench/measure.js'
import { countLabelPairs } from '../src/kernels/contingency.js'
import { scoreSegmentation } from '../src/kernels/scores.js'

/** The reference segmentation, tiled to a volume of 23 million voxels. */
const TILES = 64
const fixture = (name: string): BigUint64Array => {
  const bytes = gunzipSync(
    readFileSync(new URL(`../../../test/fixtures/agglomerate/${name}.u32.gz`, import.meta.url)),
  )
  const labels = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const tiled = new BigUint64Array(labels.length * TILES)
  for (let tile = 0; tile < TILES; tile++)
    for (let index = 0; index < labels.length; index++)
      tiled[tile * labels.length + index] = BigInt(labels[index]!)
  return tiled
}

const SKIMAGE = `
import json, sys, time
import numpy as np
from skimage.metrics import variation_of_information, adapted_rand_error
a, b = (np.fromfile(f'{sys.argv[1]}/{n}', 'u8').astype('i8').reshape(-1, 120, 140) for n in ('a', 'b'))
wall, cpu = time.perf_counter(), time.process_time()
variation_of_information(b, a, ignore_labels=(0,)); adapted_rand_error(b, a, ignore_labels=(0,))
print(json.dumps({'wall': time.perf_counter() - wall, 'cpu': time.process_time() - cpu}))`

/** All scores of two label volumes against two of scikit-image's. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const { path: folder, remove } = temporaryFolder()
  try {
    const shape = [22 * TILES, 120, 140]
    const [a, b] = [fixture('segmentation_7'), fixture('segmentation_3')]
    writeFileSync(path.join(folder, 'a'), a)
    writeFileSync(path.join(folder, 'b'), b)
    const [segmentation, groundtruth] = [createChunk(a, shape), createChunk(b, shape)]
    await ratio(
      'evaluation / scikit-image (VOI and adapted Rand error)',
      async () =>
        void scoreSegmentation(
          await countLabelPairs(segmentation, groundtruth, { compute: inlineCompute() }),
        ),
      () => pythonSeconds(SKIMAGE, folder),
      { target: 0.3 },
    )
  } finally {
    remove()
  }
}
