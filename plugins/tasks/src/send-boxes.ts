import { type BoundingBox, chunkflowError, formatBox, type Progress, type QueuePlace } from '@chunkflow/sdk'

/** How many boxes are handed to a queue at once. */
const SENT_AT_ONCE = 1000

/**
 * Sends boxes to a queue, which is made when it is missing. The body of a message is the box as text.
 * @throws queue-stamps before anything is sent, when there is a stamp the queue would lose
 */
export async function sendBoxes(
  boxes: readonly BoundingBox[],
  { driver, name }: QueuePlace,
  { stamp, ...options }: { readonly visibilitySeconds?: number; readonly stamp?: string | undefined },
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<void> {
  const queue = await driver.open(name, options)
  if (stamp !== undefined && queue.keepsStamps !== true)
    throw chunkflowError('queue-stamps', 'Messages of this queue cannot carry the digest of a pipeline', {
      where: name,
      fix: 'leave --for out, or use a queue that keeps it: sqs://, fq://',
    })
  const bar = progress.start(`sending tasks to ${name}`, boxes.length, 'tasks')
  try {
    for (let first = 0; first < boxes.length && !signal.aborted; first += SENT_AT_ONCE) {
      const bodies = boxes.slice(first, first + SENT_AT_ONCE).map(formatBox)
      await queue.send(bodies, { stamp })
      bar.advance(bodies.length)
    }
  } finally {
    bar.end()
  }
}
