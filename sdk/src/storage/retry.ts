import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RetryPolicy {
  /** Tries in all. */
  readonly attempts: number
  /** Before the second try; doubled for each further one. */
  readonly firstDelayMs: number
  readonly longestDelayMs: number
}

/** About 15 s in all on average, half a minute at most, unless a server asks for longer. */
export const RETRY_POLICY: RetryPolicy = { attempts: 8, firstDelayMs: 250, longestDelayMs: 15_000 }

/** A server may ask to be left alone for so long; for longer the task had better go back to its queue. */
const LONGEST_RETRY_AFTER_MS = 60_000

export interface RetrySettings {
  readonly policy?: RetryPolicy
  readonly signal?: AbortSignal | undefined
  /** In [0, 1); for tests. */
  readonly random?: () => number
  /** For tests. */
  readonly pause?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>
}

/**
 * Repeats an action that failed in a way that may pass, with exponentially growing, fully jittered pauses: workers that
 * failed together do not come back together.
 * @param action gets the number of the try, from 1
 */
export async function retry<T>(
  action: (attempt: number) => Promise<T>,
  { policy = RETRY_POLICY, signal, random = Math.random, pause = wait }: RetrySettings = {},
): Promise<T> {
  // one signal stops a whole run: dozens of requests listen to it at once, which is no leak
  if (signal !== undefined) setMaxListeners(0, signal)
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      return await action(attempt)
    } catch (error) {
      if (attempt >= policy.attempts || signal?.aborted || !isTransient(error)) throw error
      const most = Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (attempt - 1))
      await pause(Math.max(random() * most, Math.min(retryAfterMs(error), LONGEST_RETRY_AFTER_MS)), signal)
    }
  }
}

const wait = async (milliseconds: number, signal: AbortSignal | undefined): Promise<void> => {
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal })
}

/** What errors of clients of all kinds say. */
interface Clues {
  readonly name?: string
  readonly code?: string
  readonly status?: number
  readonly retryAfterMs?: number
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const TRANSIENT_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNRESET',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'ETRUNCATED',
])
const TRANSIENT_NAMES = new Set([
  'ConditionalRequestConflict',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'SlowDown',
  'TimeoutError',
])

/** Too busy, timed out, or broken for a moment. What is forbidden, missing or refused stays so. */
export const isTransientStatus = (status: number): boolean =>
  status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505)

/** True for failures that deserve another try. */
export function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { name, code, status } = error as Clues
  const httpStatus = status ?? (error as Clues).$metadata?.httpStatusCode
  return (
    (httpStatus !== undefined && isTransientStatus(httpStatus)) ||
    (code !== undefined && TRANSIENT_CODES.has(code)) ||
    (name !== undefined && TRANSIENT_NAMES.has(name))
  )
}

const retryAfterMs = (error: unknown): number => (error as Clues).retryAfterMs ?? 0
