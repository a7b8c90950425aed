import { chunkflowError, isChunkflowError } from '@chunkflow/kernel/authoring'

/** One promise that an operator or a service must keep. Rejects with what is broken. */
export interface ConformanceCheck {
  readonly name: string
  run(): Promise<void>
}

/**
 * The same checks, all started now: each waits for its own result. For those that mostly wait, which together take as long as
 * the longest.
 */
export const sideBySide = (checks: readonly ConformanceCheck[]): readonly ConformanceCheck[] =>
  checks.map(({ name, run }) => {
    const result = run().then(
      () => undefined,
      (error: unknown) => error,
    )
    return {
      name,
      async run() {
        const error = await result
        if (error !== undefined) throw error
      },
    }
  })

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
