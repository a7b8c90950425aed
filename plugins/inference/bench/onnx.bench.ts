import { fileURLToPath } from 'node:url'
import { SILENT_PROGRESS } from '@chunkflow/sdk'
import { recordingLogger, testFiles } from '@chunkflow/sdk/testing'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { Bench } from '../../../test/bench/measure.js'
import { sampleImage } from '../../../test/bench/sample-image.js'
import { createOnnxBackend } from '../../inference-onnx/src/onnx-backend.js'
import { inferChunk } from '../src/infer-chunk.js'
import { modelSettings } from '../src/load-model.js'
import { geometryOf, gridOf } from '../src/settings.js'
import { patchWeights } from '../src/weights.js'
import { OPTIONS, startCompute } from './setup.js'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url))

const options = { ...OPTIONS, inputPatchSize: [18, 192, 192], maskOutputChunk: true } as const

/** The whole operator (cut, run, blend, normalise) against onnxruntime alone on as many patches of the same size. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const chunk = await sampleImage()
  const geometry = geometryOf(options)
  const grid = gridOf(geometry, chunk.shape, options)
  const compute = startCompute()
  const backend = createOnnxBackend({
    compute,
    files: testFiles('/'),
    worker: new URL('../../inference-onnx/src/ort.worker.ts', import.meta.url),
    logger: recordingLogger().logger,
  })
  const model = await backend.load(
    modelSettings(
      { ...options, convnetModel: fixture('model/model.onnx'), convnetWeightPath: undefined, threads: 1 },
      geometry,
    ),
  )
  const weights = patchWeights(geometry.outputPatchSize, geometry.overlap)
  const context = { signal: new AbortController().signal, progress: SILENT_PROGRESS }

  // one thread on both sides: several spin while they wait for each other, which counts as CPU time
  const session = await InferenceSession.create(fixture('model/model.onnx'), { intraOpNumThreads: 1 })
  const voxels = 18 * 192 * 192
  const input = new Tensor(
    'float32',
    new Float32Array(voxels).map((_, index) => (chunk.data[index] as number) / 255),
    [1, 1, 18, 192, 192],
  )
  const output = new Tensor('float32', new Float32Array(3 * voxels), [1, 3, 18, 192, 192])

  await ratio(
    `inference: operator / onnxruntime alone, ${grid.patchCount} patches`,
    async () => void (await inferChunk({ chunk, options, geometry, grid, model, weights, compute, context })),
    async () => {
      for (let patch = 0; patch < grid.patchCount; patch++)
        await session.run({ image: input }, { affinity: output })
    },
    { target: 1.03 },
  )
  await model.dispose?.()
  await session.release()
  await compute.dispose()
}
