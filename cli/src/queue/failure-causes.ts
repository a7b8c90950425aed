import type { FailedMessage } from '@chunkflow/sdk'

/** Failed tasks whose reasons differ in numbers only. */
export interface FailureCause {
  /** The reason of the first of them. */
  readonly reason: string
  readonly bodies: readonly string[]
}

const pattern = (reason: string): string => reason.replaceAll(/\d+(\.\d+)?/g, '#')

/** Groups failed tasks by cause, the most frequent cause first. */
export function groupFailures(
  failures: readonly Pick<FailedMessage, 'body' | 'reason'>[],
): readonly FailureCause[] {
  const causes = new Map<string, { reason: string; bodies: string[] }>()
  for (const { body, reason } of failures) {
    const cause = causes.get(pattern(reason)) ?? { reason, bodies: [] }
    cause.bodies.push(body)
    causes.set(pattern(reason), cause)
  }
  return [...causes.values()].sort((left, right) => right.bodies.length - left.bodies.length)
}
