import { setTimeout as sleep } from 'node:timers/promises'
import {
  chunkflowError,
  defineSource,
  findQueue,
  flag,
  formatBox,
  type Lease,
  type Logger,
  PIPELINES,
  parseBox,
  QUEUES,
  type QueueMessage,
} from '@chunkflow/sdk'

/** How long to wait before an empty queue is asked again, unless the environment says otherwise. */
const RETRY_SECONDS = 100

export default defineSource({
  name: 'fetch-task-from-sqs',
  aliases: ['fetch-task'],
  summary: 'Make tasks from the messages of a queue',
  description:
    'A message is fetched only after the task before it went through the whole chain. It stays invisible to others while the task runs and is removed by delete-task-in-queue; a worker that dies leaves it to somebody else. An empty queue is asked again every 100 seconds (CHUNKFLOW_QUEUE_RETRY_SECONDS). Tasks of generate-tasks --for are taken only by the chain they were made for.',
  examples: [],
  flags: {
    queueName: flag.text({
      char: 'q',
      required: true,
      summary: 'queue: a bare name or sqs://name, fq://folder',
    }),
    visibilityTimeout: flag.integer({
      char: 'v',
      minimum: 0,
      defaultText: "the queue's own",
      summary: 'seconds for which a fetched task is hidden from others; 0: as the queue says',
    }),
    num: flag.integer({ char: 'n', default: -1, summary: 'fetch at most so many tasks; negative: no limit' }),
    retryTimes: flag.integer({
      char: 'r',
      default: 30,
      minimum: 0,
      summary: 'how often, in all, an empty queue is asked again',
    }),
    anyPipeline: flag.boolean({ summary: 'also take tasks that were made for another pipeline' }),
  },
  effects: 'read',
  services: { queues: QUEUES, pipelines: PIPELINES },
  sets: ['bbox'],
  queue: true,
  async create({ options, services, globals }) {
    const { queueName, num } = options
    const place = await findQueue(services.queues, queueName)
    const visibility = options.visibilityTimeout ? { visibilitySeconds: options.visibilityTimeout } : {}
    const pauseSeconds = readRetrySeconds()
    return {
      async *tasks({ signal, logger }) {
        if (globals.dryRun) {
          logger.info(`dry run: would fetch tasks from ${queueName}`)
          return
        }
        const queue = await place.driver.open(place.name, visibility)
        let retries = options.retryTimes
        for (let fetched = 0; !signal.aborted && (num < 0 || fetched < num); ) {
          const message = await queue.receive({ ...visibility, signal })
          if (message === null) {
            if (retries <= 0 || signal.aborted) return
            retries -= 1
            logger.info(
              `the queue ${queueName} is empty; asking again in ${pauseSeconds} s, ${retries} more times`,
            )
            await sleep(pauseSeconds * 1000, undefined, { signal }).catch(() => {})
            continue
          }
          if (!options.anyPipeline) await refuseOthers(message, services.pipelines.running, queueName)
          const bbox = parseBox(message.body)
          if (bbox === null) {
            await putAside(message, queueName, logger)
            continue
          }
          fetched += 1
          yield { bbox, lease: leaseOf(message), log: { bbox: formatBox(bbox) } }
        }
      },
    }
  },
})

const leaseOf = (message: QueueMessage): Lease => ({
  seconds: message.seconds,
  extend: () => message.extend(),
  acknowledge: () => message.acknowledge(),
  release: (reason) => message.release(reason),
  ...(message.deadLetter === undefined
    ? {}
    : { deadLetter: (reason: string) => message.deadLetter!(reason) }),
})

/** A task for another chain is left to others; this chain would find only more of them. @throws queue-pipeline-differs */
async function refuseOthers(
  message: QueueMessage,
  running: string | undefined,
  queueName: string,
): Promise<void> {
  if (message.stamp === undefined || message.stamp === running) return
  const what = `Task ${message.body.slice(0, 80)} is for the pipeline ${message.stamp.slice(0, 12)}; this chain is ${(running ?? 'none').slice(0, 12)}`
  await message.release(what)
  throw chunkflowError('queue-pipeline-differs', what, {
    where: queueName,
    fix: 'run the pipeline file that generate-tasks --for named, with the same --mip; chunkflow plan shows the digest of a chain; --any-pipeline takes the task all the same',
  })
}

/** A message nobody can read must not come back for ever: with dead letters it goes there, else the run ends. */
async function putAside(message: QueueMessage, queueName: string, logger: Logger): Promise<void> {
  const what = `Message "${message.body.slice(0, 80)}" is not a bounding box`
  if (message.deadLetter !== undefined) {
    await message.deadLetter(what)
    logger.error(`${what}; it is now among the dead letters of ${queueName}`)
    return
  }
  await message.release(what)
  throw chunkflowError('queue-failed', what, {
    where: queueName,
    fix: 'remove the message; generate-tasks fills a queue with boxes',
  })
}

function readRetrySeconds(): number {
  const text = process.env.CHUNKFLOW_QUEUE_RETRY_SECONDS
  if (text === undefined || text === '') return RETRY_SECONDS
  const seconds = Number(text)
  if (Number.isFinite(seconds) && seconds >= 0) return seconds
  throw chunkflowError(
    'flag-invalid',
    `CHUNKFLOW_QUEUE_RETRY_SECONDS is "${text}", not a number of seconds`,
    {
      fix: 'set it to a number, or unset it',
    },
  )
}
