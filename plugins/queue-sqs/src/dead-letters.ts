import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { FailedMessage } from '@chunkflow/sdk'
import { isLostLease, sqsFailure } from './failures.js'
import { readStamped, STAMP, type Stamped, stamped } from './stamps.js'

/** Letters are hidden from others while they are looked at. */
const LOOKING_SECONDS = 600
/** Amazon asks some of its servers only: one empty answer does not mean that nothing is there. */
const EMPTY_ANSWERS = 2
/** Amazon's limit. */
const BATCH = 10

interface Place {
  readonly address: string
  /** Of the queue that the letters come from. */
  readonly name: string
  /** Seconds that one question may take. */
  readonly wait: number
  /** Sends a task to that queue again. */
  readonly back: (task: Stamped) => Promise<void>
  readonly signal: AbortSignal
}

/** Letters of a queue, each once; what is neither retried nor removed is there again afterwards. */
export async function* deadLetters(
  client: SQSClient,
  { address, name, wait, back, signal }: Place,
): AsyncGenerator<FailedMessage> {
  const attempt = async <T>(what: string, action: Promise<T>): Promise<T> => {
    try {
      return await action
    } catch (error) {
      throw sqsFailure(what, name, error)
    }
  }
  const receive = async (): Promise<readonly Message[]> => {
    const request = new ReceiveMessageCommand({
      QueueUrl: address,
      MaxNumberOfMessages: BATCH,
      WaitTimeSeconds: Math.min(wait, 1),
      VisibilityTimeout: LOOKING_SECONDS,
      MessageAttributeNames: ['reason', STAMP],
    })
    return (await attempt('Cannot list failed tasks', client.send(request))).Messages ?? []
  }
  const handleOf = ({ ReceiptHandle }: Message) => ({ QueueUrl: address, ReceiptHandle: ReceiptHandle! })
  const remove = async (letter: Message): Promise<void> => {
    await attempt('Cannot delete a failed task', client.send(new DeleteMessageCommand(handleOf(letter))))
    kept.delete(letter.MessageId!)
  }
  const show = (letter: Message) =>
    client
      .send(new ChangeMessageVisibilityCommand({ ...handleOf(letter), VisibilityTimeout: 0 }))
      .catch((error: unknown) => {
        if (!isLostLease(error)) throw error
      })
  const kept = new Map<string, Message>()
  const seen = new Set<string>()
  const retried = new Set<string>()
  try {
    for (let empty = 0; empty < EMPTY_ANSWERS && !signal.aborted; ) {
      const letters = await receive()
      empty = letters.length === 0 ? empty + 1 : 0
      for (const letter of letters) kept.set(letter.MessageId!, letter)
      for (const letter of letters) {
        const task = readStamped(letter)
        const key = `${task.stamp ?? ''} ${task.body}`
        // a task that was retried just now may have failed again already
        if (seen.has(letter.MessageId!) || retried.has(key)) continue
        seen.add(letter.MessageId!)
        yield {
          ...stamped(task.body, task.stamp),
          reason: letter.MessageAttributes?.reason?.StringValue ?? 'unknown',
          // sent before it is deleted: it may be there twice, never not at all
          retry: async () => {
            await back(task)
            retried.add(key)
            await remove(letter)
          },
          remove: () => remove(letter),
        }
      }
    }
  } finally {
    for (const letter of kept.values()) await attempt('Cannot put a failed task back', show(letter))
  }
}
