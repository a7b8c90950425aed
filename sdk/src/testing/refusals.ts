import { type ChunkflowError, isChunkflowError } from '@chunkflow/kernel/authoring'

/** What is tried: a promise, or a function that may return one. */
export type Attempt = Promise<unknown> | (() => unknown)

/** The ChunkflowError that an attempt ends with. @throws any other error, and when the attempt succeeds */
export async function errorOf(attempt: Attempt): Promise<ChunkflowError> {
  const error = await outcomeOf(attempt)
  if (error === undefined) throw new Error('nothing was refused')
  return error
}

/** The code of that error; `accepted` when the attempt succeeds. @throws any other error */
export const codeOf = async (attempt: Attempt): Promise<string> =>
  (await outcomeOf(attempt))?.code ?? 'accepted'

/** `code: what | fix` of that error; `accepted` when the attempt succeeds. @throws any other error */
export async function refusal(attempt: Attempt): Promise<string> {
  const error = await outcomeOf(attempt)
  return error === undefined ? 'accepted' : `${error.code}: ${error.what} | ${error.fix}`
}

async function outcomeOf(attempt: Attempt): Promise<ChunkflowError | undefined> {
  try {
    await (typeof attempt === 'function' ? attempt() : attempt)
    return undefined
  } catch (error) {
    if (isChunkflowError(error)) return error
    throw error
  }
}
