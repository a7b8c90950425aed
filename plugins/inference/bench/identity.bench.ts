import { allocate, createChunk, SILENT_PROGRESS } from '@chunkflow/sdk'
import { type Bench, pythonSeconds } from '../../../test/bench/measure.js'
import { identityBackend } from '../../inference-identity/src/identity-backend.js'
import { inferChunk } from '../src/infer-chunk.js'
import { modelSettings } from '../src/load-model.js'
import { geometryOf, gridOf } from '../src/settings.js'
import { patchWeights } from '../src/weights.js'
import { NO_MODEL_FILE, OPTIONS, startCompute } from './setup.js'

const SIZE = [52, 640, 640] as const

/** What Python programs do per patch, with numpy: cast, divide, repeat over channels, weight, add. */
const NUMPY = `
import json, sys, time
import numpy as np
size, patch, overlap, channels = (52, 640, 640), (20, 256, 256), (4, 64, 64), 3
image = np.random.RandomState(1).randint(0, 255, size, dtype=np.uint8)
weights = np.ones(patch, np.float32)
def run():
    output = np.zeros((channels,) + tuple(s - 2 * o for s, o in zip(size, overlap)), np.float32)
    buffer = np.zeros((1, 1) + patch, np.float32)
    stride = [p - o for p, o in zip(patch, overlap)]
    for z in range(0, size[0] - overlap[0], stride[0]):
        for y in range(0, size[1] - overlap[1], stride[1]):
            for x in range(0, size[2] - overlap[2], stride[2]):
                cut = image[z:z+patch[0], y:y+patch[1], x:x+patch[2]].astype(np.float32)
                cut /= 255
                buffer[0, 0] = cut
                result = np.repeat(buffer, channels, axis=1)
                result *= weights
                low = [max(0, a - o) for a, o in zip((z, y, x), overlap)]
                high = [min(n, a - o + p) for a, o, p, n in zip((z, y, x), overlap, patch, output.shape[1:])]
                skip = [l - a + o for l, a, o in zip(low, (z, y, x), overlap)]
                target = output[:, low[0]:high[0], low[1]:high[1], low[2]:high[2]]
                target += result[0][:, skip[0]:skip[0]+target.shape[1], skip[1]:skip[1]+target.shape[2], skip[2]:skip[2]+target.shape[3]]
    assert output.max() < 9
run()
wall, cpu = time.perf_counter(), time.process_time()
run()
print(json.dumps({'wall': time.perf_counter() - wall, 'cpu': time.process_time() - cpu}))
`

/** Cutting, blending and writing without a network, against numpy on one thread. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const data = allocate('uint8', SIZE[0] * SIZE[1] * SIZE[2]) as Uint8Array
  for (let index = 0; index < data.length; index++) data[index] = index * 7919 + (index >> 9)
  const chunk = createChunk(data, SIZE)
  const geometry = geometryOf(OPTIONS)
  const grid = gridOf(geometry, SIZE, OPTIONS)
  const compute = startCompute()
  const model = await identityBackend.load(modelSettings({ ...OPTIONS, ...NO_MODEL_FILE }, geometry))
  const weights = patchWeights(geometry.outputPatchSize, geometry.overlap)
  const context = { signal: new AbortController().signal, progress: SILENT_PROGRESS }
  await ratio(
    `inference: identity / numpy, ${grid.patchCount} patches`,
    async () =>
      void (await inferChunk({ chunk, options: OPTIONS, geometry, grid, model, weights, compute, context })),
    () => pythonSeconds(NUMPY),
  )
  await compute.dispose()
}
