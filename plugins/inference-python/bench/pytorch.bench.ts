import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Python, type PythonSession, SILENT_PROGRESS } from '@chunkflow/sdk'
import { recordingLogger, SYSTEM_PYTHON, testFiles } from '@chunkflow/sdk/testing'
import type { Bench, Seconds } from '../../../test/bench/measure.js'
import { sampleImage } from '../../../test/bench/sample-image.js'
import { OPTIONS, startCompute } from '../../inference/bench/setup.js'
import { inferChunk } from '../../inference/src/infer-chunk.js'
import { modelSettings } from '../../inference/src/load-model.js'
import { geometryOf, gridOf } from '../../inference/src/settings.js'
import { patchWeights } from '../../inference/src/weights.js'
import { createPython } from '../../script/src/python-worker/service.js'
import { createPythonBackend } from '../src/python-backend.js'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url))
const SIZE = [18, 192, 192] as const
const options = { ...OPTIONS, inputPatchSize: SIZE, maskOutputChunk: true } as const
const executable = process.env.CHUNKFLOW_PYTHON ?? SYSTEM_PYTHON
const TICKS_PER_SECOND = 100

/** CPU seconds that a process has used, in all its threads. Linux. */
function cpuSeconds(processId: number | 'self'): number {
  const fields = readFileSync(`/proc/${processId}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** The whole operator and its Python process against PyTorch alone on as many patches of the same size. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const chunk = await sampleImage()
  const geometry = geometryOf(options)
  const grid = gridOf(geometry, chunk.shape, options)
  const compute = startCompute()
  const { logger } = recordingLogger()
  const service = createPython({
    python: new URL('../../script/src/python', import.meta.url),
    logger,
    environment: process.env,
  })
  const sessions: PythonSession[] = []
  const python: Python = {
    async start(settings) {
      const session = await service.start({ ...settings, executable })
      sessions.push(session)
      return session
    },
  }
  const bare = await service.start({
    script: new URL('bare_model.py', import.meta.url),
    label: 'bare model',
    requires: ['torch'],
    executable,
  })
  await bare.call('load', [fixture('model/model.py'), fixture('model/weights.pt')])
  const backend = createPythonBackend('pytorch', {
    python,
    files: testFiles('/'),
    logger,
    folder: new URL('../src/python', import.meta.url),
  })
  const model = await backend.load(
    modelSettings(
      { ...options, convnetModel: fixture('model/model.py'), convnetWeightPath: fixture('model/weights.pt') },
      geometry,
    ),
  )
  const weights = patchWeights(geometry.outputPatchSize, geometry.overlap)
  const context = { signal: new AbortController().signal, progress: SILENT_PROGRESS }
  const patch = {
    dtype: 'float32',
    shape: [1, 1, ...SIZE],
    data: new Float32Array(SIZE[0] * SIZE[1] * SIZE[2]).map((_, index) => Number(chunk.data[index]) / 255),
  } as const
  const used = (): number => cpuSeconds('self') + cpuSeconds(sessions[0]!.processId!)

  await ratio(
    `inference: operator / PyTorch alone, ${grid.patchCount} patches`,
    async () => {
      const [cpu, wall] = [used(), performance.now()]
      await inferChunk({ chunk, options, geometry, grid, model, weights, compute, context })
      return { cpu: used() - cpu, wall: (performance.now() - wall) / 1000 }
    },
    async () => (await bare.call('run', [grid.patchCount, patch])) as unknown as Seconds,
    { target: 1.08 },
  )
  await model.dispose?.()
  await service.dispose()
  await compute.dispose()
}
