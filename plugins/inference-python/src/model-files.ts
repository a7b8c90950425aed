import { chunkflowError, type Files } from '@chunkflow/sdk'

/** @returns the absolute path. @throws model-file-missing */
export async function requireModel(
  files: Files,
  framework: string,
  modelPath: string | undefined,
  kind: 'file' | 'directory' = 'file',
): Promise<string> {
  const wanted = kind === 'file' ? 'a model file' : 'the folder of a network'
  if (modelPath === undefined)
    throw chunkflowError('model-file-missing', `The framework ${framework} needs ${wanted}`, {
      fix: `add --convnet-model ${kind === 'file' ? 'model.py' : 'net/'}`,
    })
  const path = files.resolve(modelPath)
  const status = await files.status(path)
  if (status?.kind === kind) return path
  throw chunkflowError(
    'model-file-missing',
    status === null
      ? `There is no model file ${path}`
      : `The model ${path} is a ${status.kind}, not a ${kind}`,
    { fix: `give ${wanted} with --convnet-model` },
  )
}

/** @returns the absolute path; undefined when none was given. @throws model-weights-missing */
export async function findWeights(files: Files, weightPath: string | undefined): Promise<string | undefined> {
  if (weightPath === undefined) return undefined
  const path = files.resolve(weightPath)
  if ((await files.status(path)) !== null) return path
  throw chunkflowError('model-weights-missing', `There is no file of weights ${path}`, {
    fix: 'check --convnet-weight-path',
  })
}

/** Universal models weight their results, whatever happens to them afterwards. @throws model-weighted */
export function requirePatchWeights(weights: Float32Array | undefined): Float32Array {
  if (weights !== undefined) return weights
  throw chunkflowError(
    'model-weighted',
    'A universal model applies the patch weights itself: its affinities cannot be moved to the voxels they belong to',
    { fix: 'use --augment instead of --augment-affinity, or another framework' },
  )
}

/** @throws model-output-unknown */
export function refuseOutputName(framework: string, outputName: string | undefined): void {
  if (outputName === undefined) return
  throw chunkflowError(
    'model-output-unknown',
    `Models of the framework ${framework} do not name their outputs`,
    {
      fix: 'leave out --output-name, and choose in the model file',
    },
  )
}
