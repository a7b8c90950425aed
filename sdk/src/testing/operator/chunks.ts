import {
  type Chunk,
  DTYPE_NAMES,
  type Dtype,
  isChunk,
  isChunkflowError,
  spatialSize,
  type VariableType,
  zyx,
} from '@chunkflow/kernel/authoring'
import { broken, refusalOf } from '../conformance-check.js'
import {
  changeChunks,
  portTypes,
  portVariables,
  redrawn,
  results,
  type Subject,
  sampleVariables,
  spatially,
  type Variables,
} from './sample.js'

/** Runs on given variables. What the plan refuses, the run refuses; what `infer` promises, the run gives. */
async function tryOn(subject: Subject, variables: Variables, what: string): Promise<'works' | 'refuses'> {
  let promised: Readonly<Record<string, VariableType>> = {}
  const planned = await refusalOf(() => {
    promised = subject.definition.infer?.(portTypes(subject, variables), subject.options as never) ?? {}
  }, `infer for ${what}`)
  let found = new Map<string, unknown>()
  const refusal = await refusalOf(async () => {
    found = await results(subject, variables)
  }, what)
  if (refusal !== undefined) return 'refuses'
  if (planned !== undefined) throw broken(`infer refuses ${what}, which run takes: ${planned.message}`)
  for (const { key, name } of portVariables(subject, 'output')) {
    const [promise, result] = [promised[key], found.get(name)]
    if (promise !== undefined && isChunk(result)) checkPromise(promise, result, name, what)
  }
  return 'works'
}

function checkPromise(promise: VariableType, result: Chunk, name: string, what: string): void {
  const wrong =
    (promise.dtype !== undefined && promise.dtype !== result.dtype && 'dtype') ||
    (promise.rank !== undefined && promise.rank !== result.shape.length && 'rank') ||
    (promise.shape !== undefined && promise.shape.join() !== result.shape.join() && 'shape') ||
    (promise.layerType !== undefined && promise.layerType !== result.layerType && 'layer type')
  if (!wrong) return
  const { dtype, shape, layerType } = result
  throw broken(
    `for ${what} infer promises another ${wrong} of "${name}" than run gives: ${JSON.stringify(promise)}, not ${JSON.stringify({ dtype, shape, layerType })}`,
  )
}

/** The sample works, and gives what `infer` promises. */
export async function checkSample(subject: Subject): Promise<void> {
  if ((await tryOn(subject, sampleVariables(subject), 'the sample')) === 'works') return
  // again, for its message
  await results(subject, sampleVariables(subject)).catch((error: unknown) => {
    throw broken(`the sample is refused: ${isChunkflowError(error) ? error.what : error}`)
  })
}

/** Chunks of other forms than the sample either work or are refused by name. */
export const CHUNK_FORMS: Readonly<Record<string, (chunk: Chunk) => Chunk>> = {
  'a chunk of one voxel': (chunk) => redrawn(chunk, { shape: spatially(chunk, zyx(1, 1, 1)) }),
  'a single section': (chunk) => redrawn(chunk, { shape: spatially(chunk, zyx(1, 13, 6)) }),
  'a single column': (chunk) => redrawn(chunk, { shape: spatially(chunk, zyx(7, 1, 1)) }),
  'an empty chunk': (chunk) => redrawn(chunk, { shape: spatially(chunk, zyx(0, 9, 14)) }),
  'a 3-D chunk': (chunk) => redrawn(chunk, { shape: spatialSize(chunk) }),
  'a chunk with one channel axis': (chunk) => redrawn(chunk, { shape: [1, ...spatialSize(chunk)] }),
  'a chunk of two channels': (chunk) => redrawn(chunk, { shape: [2, ...spatialSize(chunk)] }),
  'a chunk of three channels': (chunk) => redrawn(chunk, { shape: [3, ...spatialSize(chunk)] }),
}

export const checkForm = async (subject: Subject, what: string): Promise<void> =>
  void (await tryOn(subject, changeChunks(sampleVariables(subject), CHUNK_FORMS[what]!), what))

/** Every element type works or is refused by name; those of the settings work. */
export async function checkDtypes(subject: Subject): Promise<void> {
  for (const dtype of DTYPE_NAMES) {
    const outcome = await tryOn(subject, retyped(subject, dtype), `a ${dtype} chunk`)
    if (outcome === 'refuses' && subject.settings.dtypes?.includes(dtype))
      throw broken(`a ${dtype} chunk is refused`)
  }
}

const retyped = (subject: Subject, dtype: Dtype): Variables =>
  changeChunks(sampleVariables(subject), (chunk) => redrawn(chunk, { dtype }))
