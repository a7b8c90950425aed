/** Marks an error as ours across copies of this package; its value is the record's version. */
const BRAND = Symbol.for('chunkflow.ChunkflowError')

export interface ErrorDetails {
  /** Operator, task, file or URL the error belongs to. The kernel adds the operator and the task. */
  readonly where?: string
  /** What the user can do about it. */
  readonly fix?: string
  /** True when the same task may succeed later (network, time-out); a queue worker then releases it. */
  readonly retryable?: boolean
  readonly cause?: unknown
}

/**
 * An expected failure with a stable code. A branded `Error`, recognised by {@link isChunkflowError}
 * and never by `instanceof`: an installed plugin carries its own copy of this module.
 */
export interface ChunkflowError extends Error {
  readonly code: string
  /** What went wrong, one sentence, with the values that matter. */
  readonly what: string
  readonly where: readonly string[]
  readonly fix: string | undefined
  readonly retryable: boolean
}

/**
 * Makes (does not throw) an error.
 * @param code stable, kebab-case, listed in the package's `errors.ts`
 * @param what one sentence naming the offending values
 */
export function chunkflowError(code: string, what: string, details: ErrorDetails = {}): ChunkflowError {
  const error = new Error(what, details.cause === undefined ? undefined : { cause: details.cause })
  error.name = 'ChunkflowError'
  return Object.assign(error, {
    [BRAND]: 1,
    code,
    what,
    where: details.where === undefined ? [] : [details.where],
    fix: details.fix,
    retryable: details.retryable ?? false,
  })
}

/** True for an error made by any copy of {@link chunkflowError}. */
export function isChunkflowError(value: unknown): value is ChunkflowError {
  return typeof value === 'object' && value !== null && BRAND in value
}

/** The same error with one more place in front of its `where`. */
export function errorAt(error: ChunkflowError, place: string): ChunkflowError {
  const copy = chunkflowError(error.code, error.what, {
    retryable: error.retryable,
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  })
  if (error.stack !== undefined) copy.stack = error.stack
  return Object.assign(copy, { where: [place, ...error.where] })
}

/** An error's printed form: the sentence, then `at` and `fix` lines; no stack. */
export function formatChunkflowError(error: ChunkflowError): string {
  const lines = [error.what]
  if (error.where.length > 0) lines.push(`  at   ${error.where.join(', ')}`)
  if (error.fix !== undefined) lines.push(`  fix  ${error.fix}`)
  return lines.join('\n')
}
