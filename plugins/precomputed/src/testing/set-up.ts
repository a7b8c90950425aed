import { isChunkflowError, type TypedArray } from '@chunkflow/sdk'
import {
  inlineCompute,
  memoryStore,
  type OperatorRun,
  runOperator,
  serviceFamily,
} from '@chunkflow/sdk/testing'
import * as assert from 'uvu/assert'
import { compressedSegmentation } from '../encodings/compressed-segmentation.js'
import { rawEncoding } from '../encodings/raw.js'
import { createBlockCache } from '../volume/block-cache.js'

export const VOLUME = 'file:///v'

/** Services over memory, and operators that work on one volume unless told otherwise. */
export function setUp() {
  const store = memoryStore()
  const compute = inlineCompute()
  const encodings = serviceFamily({
    raw: rawEncoding(),
    compressed_segmentation: compressedSegmentation(compute),
  })
  const services = { store, encodings, compute, cache: createBlockCache() }
  const objects = (url = VOLUME) => store.storages.get(url)?.objects ?? new Map<string, Uint8Array>()
  return {
    services,
    objects,
    run: (definition: Parameters<typeof runOperator>[0], { options, ...rest }: OperatorRun = {}) =>
      runOperator(definition, { options: { volumePath: VOLUME, ...options }, services, ...rest }),
    info: (url = VOLUME) => JSON.parse(Buffer.from(objects(url).get('info')!).toString()),
    /** Keys of blocks, sorted. */
    blocks: (url = VOLUME) => [...objects(url).keys()].filter((key) => /^\d[^/]*\/-?\d/.test(key)).sort(),
  }
}

/** The error's sentence and fix. Fails when there is no error, or another one. */
export async function refuses(action: Promise<unknown>, code: string): Promise<string> {
  try {
    await action
  } catch (error) {
    if (!isChunkflowError(error) || error.code !== code) throw error
    return `${error.what} ${error.fix}`
  }
  throw new Error(`expected ${code}`)
}

/** Bit for bit, without printing thousands of voxels. */
export function same(found: TypedArray, expected: TypedArray): void {
  const bytes = ({ buffer, byteOffset, byteLength }: TypedArray) =>
    new Uint8Array(buffer, byteOffset, byteLength)
  assert.is(found.length, expected.length)
  assert.is(Buffer.compare(bytes(found), bytes(expected)), 0, 'the voxels differ')
}
