import { setTimeout as sleep } from 'node:timers/promises'
import { chunkflowError, defineSource, flag, formatBox, parseBox, QUEUES } from '@chunkflow/sdk'
import { openQueue } from '../queue-name.js'

/** How long to wait before an empty queue is asked again. */
const RETRY_SECONDS = 100

export default defineSource({
  name: 'fetch-task-from-sqs',
  aliases: ['fetch-task'],
  summary: 'Make tasks from the messages of a queue',
  description:
    'A message is fetched only after the task before it went through the whole chain. It stays invisible to others while the task runs and is removed by delete-task-in-queue; a worker that dies leaves it to somebody else.',
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
      summary: 'seconds for which a fetched task is hidden from others',
    }),
    num: flag.integer({ char: 'n', default: -1, summary: 'fetch at most so many tasks; negative: no limit' }),
    retryTimes: flag.integer({
      char: 'r',
      default: 30,
      minimum: 0,
      summary: 'how often an empty queue is asked again',
    }),
  },
  effects: 'read',
  services: { queues: QUEUES },
  sets: ['bbox'],
  queue: true,
  async create({ options, services, globals }) {
    const visibility = options.visibilityTimeout ? { visibilitySeconds: options.visibilityTimeout } : {}
    const pause = Number(process.env.CHUNKFLOW_QUEUE_RETRY_SECONDS ?? RETRY_SECONDS) * 1000
    return {
      async *tasks({ signal, logger }) {
        if (globals.dryRun) {
          logger.info(`dry run: would fetch tasks from ${options.queueName}`)
          return
        }
        const queue = await openQueue(services.queues, options.queueName, visibility)
        let retries = options.retryTimes
        let fetched = 0
        while (!signal.aborted && (options.num < 0 || fetched < options.num)) {
          const message = await queue.receive({ ...visibility, signal })
          if (message === null) {
            if (retries <= 0 || signal.aborted) return
            retries -= 1
            logger.info(
              `the queue ${options.queueName} is empty; asking again in ${pause / 1000} s, ${retries} more times`,
            )
            await sleep(pause, undefined, { signal }).catch(() => {})
            continue
          }
          const bbox = parseBox(message.body)
          if (bbox === null)
            throw chunkflowError(
              'queue-failed',
              `Message "${message.body.slice(0, 80)}" is not a bounding box`,
              { where: options.queueName, fix: 'fill the queue with generate-tasks' },
            )
          fetched += 1
          const lease = {
            seconds: message.seconds,
            extend: () => message.extend(),
            acknowledge: () => message.acknowledge(),
            release: (reason: string) => message.release(reason),
            ...(message.deadLetter === undefined
              ? {}
              : { deadLetter: (reason: string) => message.deadLetter!(reason) }),
          }
          yield { bbox, lease, log: { bbox: formatBox(bbox) } }
        }
      },
    }
  },
})
