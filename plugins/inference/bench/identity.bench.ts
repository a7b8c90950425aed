import { allocate, type Chunk, type Compute, createChunk, SILENT_PROGRESS } from '@chunkflow/sdk'
import { inlineCompute } from '@chunkflow/sdk/testing'
import { type Bench, pythonSeconds } from '../../../test/bench/measure.js'
import { identityBackend } from '../../inference-identity/src/identity-backend.js'
import { type BlendKernels, createBlendKernels } from '../src/blend-kernels.js'
import { inferChunk } from '../src/infer-chunk.js'
import { modelSettings } from '../src/load-model.js'
import { geometryOf, gridOf, type InferenceOptions } from '../src/settings.js'
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

function imageOf(size: readonly [number, number, number]): Chunk {
  const data = allocate('uint8', size[0] * size[1] * size[2]) as Uint8Array
  for (let index = 0; index < data.length; index++) data[index] = index * 7919 + (index >> 9)
  return createChunk(data, size)
}

/** A run over one chunk, with or without the kernel of the one before. */
async function prepare(size: readonly [number, number, number], options: InferenceOptions, compute: Compute) {
  const geometry = geometryOf(options)
  const job = {
    chunk: imageOf(size),
    options,
    geometry,
    grid: gridOf(geometry, size, options),
    model: await identityBackend.load(modelSettings({ ...options, ...NO_MODEL_FILE }, geometry)),
    weights: patchWeights(geometry.outputPatchSize, geometry.overlap),
    compute,
    context: { signal: new AbortController().signal, progress: SILENT_PROGRESS },
  }
  return {
    patchCount: job.grid.patchCount,
    infer: async (blendKernels?: BlendKernels) =>
      void (await inferChunk(blendKernels === undefined ? job : { ...job, blendKernels })),
  }
}

/** Cutting, blending and writing without a network: against numpy on one thread, and a chunk that follows an equal one. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const compute = startCompute()
  const aligned = await prepare(SIZE, OPTIONS, compute)
  await ratio(
    `inference: identity / numpy, ${aligned.patchCount} patches`,
    () => aligned.infer(),
    () => pythonSeconds(NUMPY),
  )
  const inline = inlineCompute()
  const blendKernels = createBlendKernels(inline)
  // on this thread, so that the work is compared and not the messages to workers
  const masked = await prepare([64, 512, 512], { ...OPTIONS, maskOutputChunk: true }, inline)
  // sums of weights are kept from the second chunk on
  await masked.infer(blendKernels)
  await ratio(
    `inference: equal chunk again / alone, masked, ${masked.patchCount} patches`,
    () => masked.infer(blendKernels),
    () => masked.infer(),
    { runs: 15, target: 1 },
  )
  await compute.dispose()
}
