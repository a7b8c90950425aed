import { type BoundingBox, formatBox, type Progress, type QueuePlace } from '@chunkflow/sdk'

/** How many boxes are handed to a queue at once. */
const SENT_AT_ONCE = 1000

/** Sends boxes to a queue, which is made when it is missing. The body of a message is the box as text. */
export async function sendBoxes(
  boxes: readonly BoundingBox[],
  { driver, name }: QueuePlace,
  options: { readonly visibilitySeconds?: number },
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<void> {
  const queue = await driver.open(name, options)
  const bar = progress.start(`sending tasks to ${name}`, boxes.length, 'tasks')
  try {
    for (let first = 0; first < boxes.length && !signal.aborted; first += SENT_AT_ONCE) {
      const bodies = boxes.slice(first, first + SENT_AT_ONCE).map(formatBox)
      await queue.send(bodies)
      bar.advance(bodies.length)
    }
  } finally {
    bar.end()
  }
}
