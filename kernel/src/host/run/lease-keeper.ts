import type { Lease, Logger } from '../../authoring/index.js'

/** Extends a lease at a third of its length until stopped, so that a long task is not offered to somebody else. */
export function keepLease(lease: Lease | undefined, logger: Logger): () => void {
  if (lease === undefined || lease.seconds <= 0) return () => {}
  const timer = setInterval(
    () => {
      lease
        .extend()
        .catch((error: unknown) =>
          logger.warn(`could not extend the lease of the task: ${(error as Error).message}`),
        )
    },
    (lease.seconds * 1000) / 3,
  )
  timer.unref()
  return () => clearInterval(timer)
}
