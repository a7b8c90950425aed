import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import {
  chunkflowError,
  type Queue,
  type QueueCounts,
  type QueueDriver,
  type QueueMessage,
} from '@chunkflow/sdk'
import { amazonClientSettings, type Environment } from '@chunkflow/sdk/storage'
import { deadLetters } from './dead-letters.js'
import { isExistingQueue, isLostLease, isMissingQueue, sqsFailure } from './failures.js'
import { sendBatches } from './send-batches.js'
import { attributesOf, readStamped, STAMP, type Stamped, stamped } from './stamps.js'
import { waitSeconds } from './wait-seconds.js'

/** Of queues made here: long polls, an hour for a task unless asked otherwise, and the longest keeping there is (14 days). */
const LONG_POLL = '20'
const VISIBILITY_SECONDS = 3600
const KEPT_SECONDS = String(14 * 24 * 3600)

/** Beside a queue, for tasks that failed in a way that trying again will not mend. */
const DEAD_LETTERS = '-dead-letters'
/** Attributes hold 256 KiB together with the body; a reason is a sentence or a traceback. */
const LONGEST_REASON = 4000

/** Without what Amazon refuses in a text: most control characters (colours of a terminal), halves of character pairs. */
const printable = (text: string): string =>
  text.replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')

/** Opens Amazon SQS queues by name; see the README for where credentials, region and endpoint come from. */
export function createSqsDriver(environment: Environment): QueueDriver & { dispose(): void } {
  const wait = waitSeconds(environment)
  let client: SQSClient | undefined
  const connect = (): SQSClient => {
    if (client !== undefined) return client
    const settings = amazonClientSettings('SQS', environment, {
      region: async () => new SQSClient({}).config.region(),
      credentials: async () => new SQSClient({}).config.credentials(),
    })
    // addresses of queues that an emulator gives out may be good inside its container only
    client = new SQSClient({ ...settings, useQueueUrlAsEndpoint: settings.endpoint === undefined })
    return client
  }
  return {
    async open(name, { visibilitySeconds, create = true }) {
      refuseName(name)
      refuseTime(visibilitySeconds)
      try {
        const address = create
          ? await findOrCreate(connect(), name, visibilitySeconds ?? VISIBILITY_SECONDS)
          : await findQueue(connect(), name)
        if (address === null) throw missing(name)
        return await openQueue(connect(), name, address, wait)
      } catch (error) {
        throw sqsFailure('Cannot open the queue', name, error)
      }
    },
    dispose: () => client?.destroy(),
  }
}

function refuseName(name: string): void {
  if (/^[A-Za-z0-9_-]{1,80}$/.test(name)) return
  throw chunkflowError('queue-name-invalid', `"${name}" is not the name of an SQS queue`, {
    fix: name.endsWith('.fifo')
      ? 'use a standard queue: tasks have no order'
      : 'use up to 80 letters, digits, hyphens and underscores',
  })
}

/** Amazon's limit: 12 hours. */
const LONGEST_VISIBILITY_SECONDS = 43_200

function refuseTime(seconds: number | undefined): void {
  if (seconds === undefined || seconds <= LONGEST_VISIBILITY_SECONDS) return
  throw chunkflowError('flag-invalid', `--visibility-timeout ${seconds} is longer than SQS allows`, {
    fix: `give up to ${LONGEST_VISIBILITY_SECONDS} seconds; the time is extended while a task runs`,
  })
}

const missing = (name: string) =>
  chunkflowError('queue-missing', 'There is no queue', {
    where: `sqs://${name}`,
    fix: 'check the name and AWS_REGION; generate-tasks --queue-name makes queues',
  })

/** The address of a queue, null when it is not there. */
async function findQueue(client: SQSClient, name: string): Promise<string | null> {
  try {
    return (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl!
  } catch (error) {
    if (isMissingQueue(error)) return null
    throw error
  }
}

/** The address of a queue, which is made when it is not there. */
async function findOrCreate(client: SQSClient, name: string, visibilitySeconds: number): Promise<string> {
  const present = await findQueue(client, name)
  if (present !== null) return present
  const Attributes = {
    ReceiveMessageWaitTimeSeconds: LONG_POLL,
    VisibilityTimeout: String(visibilitySeconds),
    MessageRetentionPeriod: KEPT_SECONDS,
  }
  try {
    return (await client.send(new CreateQueueCommand({ QueueName: name, Attributes }))).QueueUrl!
  } catch (error) {
    // somebody else made it meanwhile, with another time-out
    const other = isExistingQueue(error) ? await findQueue(client, name) : null
    if (other === null) throw error
    return other
  }
}

async function openQueue(client: SQSClient, name: string, QueueUrl: string, wait: number): Promise<Queue> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['VisibilityTimeout'] }),
  )
  const ownSeconds = Number(Attributes?.VisibilityTimeout ?? VISIBILITY_SECONDS)
  const attempt = async <T>(what: string, action: Promise<T>): Promise<T> => {
    try {
      return await action
    } catch (error) {
      throw sqsFailure(what, name, error)
    }
  }
  let aside: Promise<string> | undefined

  const messageOf = ({ body, stamp }: Stamped, ReceiptHandle: string, seconds: number): QueueMessage => {
    const handle = { QueueUrl, ReceiptHandle }
    const hide = (VisibilityTimeout: number) =>
      client.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout }))
    const remove = () => client.send(new DeleteMessageCommand(handle))
    return {
      ...stamped(body, stamp),
      seconds,
      extend: async () => void (await attempt('Cannot keep a task', hide(seconds))),
      acknowledge: async () => void (await attempt('Cannot delete a task', remove())),
      async release() {
        // what is no longer held is free already
        const given = hide(0).catch((error: unknown) => {
          if (!isLostLease(error)) throw error
        })
        await attempt('Cannot give a task back', given)
      },
      async deadLetter(reason) {
        aside ??= findOrCreate(client, name + DEAD_LETTERS, VISIBILITY_SECONDS).catch((error: unknown) => {
          aside = undefined
          throw error
        })
        const target = await attempt('Cannot open the queue of dead letters', aside)
        const why = { reason: printable(reason.slice(0, LONGEST_REASON)) || 'unknown' }
        const letter = { body, attributes: { ...why, ...attributesOf(stamp) } }
        // sent before it is deleted: it may be there twice, never not at all
        await attempt('Cannot put a task aside', sendBatches(client, target, [letter], `sqs://${name}`))
        await attempt('Cannot delete a task', remove())
      },
    }
  }

  return {
    keepsStamps: true,
    send: (bodies, { stamp } = {}) =>
      attempt(
        'Cannot send tasks',
        sendBatches(
          client,
          QueueUrl,
          bodies.map((body) => ({ body, attributes: attributesOf(stamp) })),
          `sqs://${name}`,
        ),
      ),
    async receive({ visibilitySeconds: asked, signal }) {
      if (signal.aborted) return null
      refuseTime(asked)
      const request = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 1,
        WaitTimeSeconds: wait,
        MessageAttributeNames: [STAMP],
        ...(asked ? { VisibilityTimeout: asked } : {}),
      })
      try {
        const { Messages = [] } = await client.send(request, { abortSignal: signal })
        const [message] = Messages
        if (message === undefined) return null
        return messageOf(readStamped(message), message.ReceiptHandle!, asked || ownSeconds)
      } catch (error) {
        if (signal.aborted) return null
        throw sqsFailure('Cannot fetch a task', name, error)
      }
    },
    counts: () => attempt('Cannot count tasks', countMessages(client, QueueUrl, name)),
    async *failed({ signal }) {
      const address = await attempt(
        'Cannot find the queue of dead letters',
        findQueue(client, name + DEAD_LETTERS),
      )
      if (address === null) return
      const back = ({ body, stamp }: Stamped) => {
        const task = { body, attributes: attributesOf(stamp) }
        return attempt('Cannot send tasks', sendBatches(client, QueueUrl, [task], `sqs://${name}`))
      }
      yield* deadLetters(client, { address, name, wait, back, signal })
    },
  }
}

/** Roughly: Amazon counts with a delay. */
async function countMessages(client: SQSClient, QueueUrl: string, name: string): Promise<QueueCounts> {
  const counted = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesDelayed',
    'ApproximateNumberOfMessagesNotVisible',
  ] as const
  const count = async (address: string): Promise<readonly [number, number]> => {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: address, AttributeNames: [...counted] }),
    )
    const [visible, delayed, held] = counted.map((attribute) => Number(Attributes[attribute] ?? 0))
    return [visible! + delayed!, held!]
  }
  const [waiting, held] = await count(QueueUrl)
  const failed = await findQueue(client, name + DEAD_LETTERS)
  return {
    waiting,
    held,
    failed: failed === null ? 0 : (await count(failed)).reduce((sum, part) => sum + part),
  }
}
