import { chunkflowError, isChunkflowError } from '@chunkflow/kernel/authoring'

/** One promise that an operator or a service must keep. Rejects with what is broken. */
export interface ConformanceCheck {
  readonly name: string
  run(): Promise<void>
}

/** The error of a check that found a broken promise. */
export const broken = (what: string): Error => chunkflowError('unexpected', what)

/** True for errors that tell the user what is wrong: a ChunkflowError with a code of its own. */
export const isRefusal = (error: unknown): boolean => isChunkflowError(error) && error.code !== 'unexpected'

/** The refusal an action ends with; undefined when it succeeds. @throws broken when it fails in any other way */
export async function refusalOf(action: () => unknown, what: string): Promise<Error | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    if (isRefusal(error)) return error as Error
    throw broken(`${what} ends without a proper error: ${error instanceof Error ? error.message : error}`)
  }
}
