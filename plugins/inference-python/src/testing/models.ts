/** Model files for tests, and the services to run them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Model, type ModelSettings, type Python, zyx } from '@chunkflow/sdk'
import { recordingLogger, SYSTEM_PYTHON, temporaryFolder, testFiles } from '@chunkflow/sdk/testing'
import { createPython } from '../../../script/src/python-worker/service.js'
import { createPythonBackend } from '../python-backend.js'
import type { PythonFramework } from '../python-session.js'

export const FOLDER = new URL('../python', import.meta.url)
export const STAND_IN = fileURLToPath(new URL('./stand-in', import.meta.url))

export const SETTINGS: ModelSettings = {
  modelPath: undefined,
  weightPath: undefined,
  inputPatchSize: zyx(2, 6, 8),
  outputPatchSize: zyx(2, 4, 4),
  inputChannels: 1,
  outputChannels: 1,
  batchSize: 2,
  dtype: 'float32',
  python: SYSTEM_PYTHON,
  patchWeights: new Float32Array(new SharedArrayBuffer(32 * 4)).map((_, index) => (index + 1) / 32),
}

/** A folder for model files, the PYTHON service and backends over it. */
export function workshop() {
  const folder = temporaryFolder()
  const { logger, messages } = recordingLogger()
  const services: (Python & { dispose(): Promise<void> })[] = []
  return {
    path: folder.path,
    logger,
    messages,
    files: testFiles(folder.path),
    write(name: string, text: string): string {
      const file = path.join(folder.path, name)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, text)
      return file
    },
    python(environment: NodeJS.ProcessEnv = {}): Python {
      const service = createPython({
        python: new URL('../../../script/src/python', import.meta.url),
        logger,
        environment: { ...process.env, ...environment },
      })
      services.push(service)
      return service
    },
    load(
      framework: PythonFramework,
      settings: Partial<ModelSettings>,
      environment: NodeJS.ProcessEnv = {},
    ): Promise<Model> {
      const backend = createPythonBackend(framework, {
        python: this.python(environment),
        files: this.files,
        logger,
        folder: FOLDER,
      })
      return backend.load({ ...SETTINGS, ...settings })
    },
    async close() {
      for (const service of services) await service.dispose()
      folder.remove()
    },
  }
}

/** Two patches of 2 x 6 x 8, all values different, in (0, 1). */
export const randomBatch = (length = 2 * 96): Float32Array =>
  new Float32Array(new SharedArrayBuffer(length * 4)).map((_, index) => ((index * 37) % 101) / 101)

export const BATCH = randomBatch()

/** What a model gives for {@link BATCH}; then it is disposed of. */
export async function runOnce(model: Model, count = 2, channels = 1): Promise<Float32Array> {
  const result = new Float32Array(new SharedArrayBuffer(count * channels * 32 * 4))
  await model.run(BATCH, count, result)
  await model.dispose!()
  return result
}

/** The middle 2 x 4 x 4 of every patch, times the factor, and times the patch weights if told so. */
export function middle(batch: Float32Array, count: number, factor: number, weighted: boolean): number[] {
  const values: number[] = []
  for (let item = 0; item < count; item++)
    for (let z = 0; z < 2; z++)
      for (let y = 0; y < 4; y++)
        for (let x = 0; x < 4; x++) {
          const weight = weighted ? SETTINGS.patchWeights![(z * 4 + y) * 4 + x]! : 1
          values.push(batch[((item * 2 + z) * 6 + y + 1) * 8 + x + 2]! * factor * weight)
        }
  return values
}

export const close = (values: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-6): boolean =>
  values.length === expected.length &&
  Array.from(values).every((value, index) => Math.abs(value - expected[index]!) <= tolerance)
