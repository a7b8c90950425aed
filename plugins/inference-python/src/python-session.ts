import type { ModelSettings, Python, PythonSession, PythonValue } from '@chunkflow/sdk'

export type PythonFramework = 'pytorch' | 'universal' | 'pznet'

const REQUIRES: Readonly<Record<PythonFramework, readonly string[]>> = {
  pytorch: ['torch'],
  universal: [],
  pznet: [],
}

export interface SessionSettings
  extends Pick<ModelSettings, 'device' | 'threads' | 'python' | 'patchWeights' | 'signal'> {
  readonly framework: PythonFramework
  /** Absolute. */
  readonly modelPath: string
  readonly weightPath: string | undefined
  readonly inputPatchSize: readonly number[]
  readonly outputPatchSize: readonly number[]
  readonly outputChannels: number
  readonly dtype: string
}

/**
 * A Python process for one model; nothing is loaded yet.
 * @param folder the shipped Python files
 */
export function startModelProcess(
  python: Python,
  folder: URL,
  settings: SessionSettings,
): Promise<PythonSession> {
  const { framework, modelPath, threads, python: executable, signal } = settings
  return python.start({
    script: new URL('serve_model.py', folder.href.endsWith('/') ? folder : `${folder.href}/`),
    label: `model ${modelPath}`,
    requires: REQUIRES[framework],
    environment: { ...threadVariables(threads), ...visibleDevices(settings) },
    ...(executable === undefined ? {} : { executable }),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** Libraries that use OpenMP or a BLAS read these when they are imported. */
const threadVariables = (threads: number | undefined): Readonly<Record<string, string>> =>
  threads === undefined
    ? {}
    : Object.fromEntries(
        ['OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'].map((name) => [name, String(threads)]),
      )

/** A universal file chooses its device itself: it is shown only those that may be used. */
function visibleDevices({ framework, device }: SessionSettings): Readonly<Record<string, string>> {
  if (framework !== 'universal' || device === undefined || device === 'auto') return {}
  const [, index] = /^cuda:(\d+)$/.exec(device) ?? []
  if (device === 'cpu') return { CUDA_VISIBLE_DEVICES: '' }
  return index === undefined ? {} : { CUDA_VISIBLE_DEVICES: index }
}

/** The settings as `load` of `serve_model.py` takes them. */
export const loadArguments = (settings: SessionSettings): PythonValue => ({
  framework: settings.framework,
  modelPath: settings.modelPath,
  weightPath: settings.weightPath ?? null,
  device: settings.device ?? 'auto',
  threads: settings.threads ?? null,
  inputPatchSize: settings.inputPatchSize,
  outputPatchSize: settings.outputPatchSize,
  outputChannels: settings.outputChannels,
  dtype: settings.dtype,
  patchWeights:
    settings.patchWeights === undefined
      ? null
      : { dtype: 'float32', shape: settings.outputPatchSize, data: settings.patchWeights },
})
