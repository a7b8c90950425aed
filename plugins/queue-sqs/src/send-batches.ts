import { setTimeout as sleep } from 'node:timers/promises'
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { chunkflowError } from '@chunkflow/sdk'

/** Amazon's limit. */
const BATCH = 10
/** Batches on their way at once. */
const IN_FLIGHT = 8
/** How often what one answer refused is sent again. */
const ATTEMPTS = 6
const FIRST_PAUSE_MS = 100

export interface Message {
  readonly body: string
  /** Text attributes. */
  readonly attributes?: Readonly<Record<string, string>>
}

/**
 * Sends messages, ten a request. A request may succeed in part: what the server could not take is sent again, what it refuses
 * is an error.
 * @throws queue-unreachable naming how many were sent
 */
export async function sendBatches(
  client: SQSClient,
  queueUrl: string,
  messages: readonly Message[],
  where: string,
): Promise<void> {
  let next = 0
  let sent = 0
  let failure: unknown
  const lane = async (): Promise<void> => {
    while (next < messages.length && failure === undefined) {
      const batch = messages.slice(next, next + BATCH)
      next += BATCH
      try {
        await sendBatch(client, queueUrl, batch)
        sent += batch.length
      } catch (error) {
        failure ??= error
      }
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  if (failure === undefined) return
  if (failure instanceof RefusedEntries)
    throw chunkflowError(
      'queue-unreachable',
      `Only ${sent + failure.sent} of ${messages.length} messages were sent: ${failure.message}`,
      {
        where,
        fix: 'empty the queue before sending the tasks again, or some will be done twice',
        retryable: true,
      },
    )
  throw failure
}

/** Entries of a batch that did not get through. */
class RefusedEntries extends Error {
  constructor(
    message: string,
    readonly sent: number,
  ) {
    super(message)
  }
}

async function sendBatch(client: SQSClient, queueUrl: string, batch: readonly Message[]): Promise<void> {
  let waiting = batch.map(({ body, attributes = {} }, index) => ({
    Id: String(index),
    MessageBody: body,
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
    ),
  }))
  for (let attempt = 1; ; attempt++) {
    const { Failed = [] } = await client.send(
      new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: waiting }),
    )
    if (Failed.length === 0) return
    const refused = Failed.find(({ SenderFault }) => SenderFault) ?? Failed[0]!
    if (refused.SenderFault || attempt === ATTEMPTS)
      throw new RefusedEntries(`${refused.Code}: ${refused.Message ?? ''}`, batch.length - Failed.length)
    const failed = new Set(Failed.map(({ Id }) => Id))
    waiting = waiting.filter(({ Id }) => failed.has(Id))
    await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()))
  }
}
