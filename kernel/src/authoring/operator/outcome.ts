const BRAND = Symbol.for('chunkflow.Outcome')

/** What `run` may return instead of nothing. */
export type Outcome = SkipOutcome | SkipToOutcome

export interface SkipOutcome {
  readonly kind: 'skip'
  readonly reason: string
  /** `done`: the work exists, acknowledge downstream. `defer`: somebody else must do it; the lease runs out. */
  readonly outcome: 'done' | 'defer'
}

export interface SkipToOutcome {
  readonly kind: 'skip-to'
  readonly reason: string
  /** Instance name of a later step. */
  readonly target: string
}

/** Ends the task here: nothing more of the chain runs for it, except acknowledgement when `outcome` is `done`. */
export const skip = (
  reason: string,
  { outcome = 'done' }: { outcome?: 'done' | 'defer' } = {},
): SkipOutcome => Object.freeze({ [BRAND]: 1, kind: 'skip', reason, outcome })

/** Goes on at a later step, which first gets `arriveSkipped`. */
export const skipTo = (target: string, reason: string): SkipToOutcome =>
  Object.freeze({ [BRAND]: 1, kind: 'skip-to', reason, target })

export function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && BRAND in value
}
