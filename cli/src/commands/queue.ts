import { chunkflowError, formatFlag, parseBox, type ServiceFamily } from '@chunkflow/kernel/authoring'
import { createHost } from '@chunkflow/kernel/host'
import { type FailedMessage, findQueue, QUEUES, type Queue, type QueueDriver } from '@chunkflow/sdk'
import { createLogger } from '../console/logger.js'
import { redactAddresses } from '../console/redact.js'
import { openRegistry } from '../discovery/registry.js'
import { groupFailures } from '../queue/failure-causes.js'
import { RunFailure } from '../run/run-failure.js'
import { listenForSignals } from '../run/signals.js'
import { readArguments } from './arguments.js'

/** Boxes of a cause that are printed. */
const BOXES_SHOWN = 5

/** `chunkflow queue NAME`: how many tasks wait, and which failed and why; `--retry` and `--forget` act on the failed ones. */
export async function queue(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments('queue', argv, {
    retry: { type: 'boolean' },
    forget: { type: 'boolean' },
    cause: { type: 'string' },
    json: { type: 'boolean' },
  })
  const [name, ...others] = positionals
  if (name === undefined || others.length > 0)
    throw chunkflowError('flag-missing', name === undefined ? 'Which queue?' : 'One queue at a time', {
      where: 'queue',
      fix: 'chunkflow queue my-queue, or chunkflow queue fq:///data/tasks',
    })
  if (values.retry && values.forget)
    throw chunkflowError('flag-invalid', '--retry and --forget exclude each other', { where: 'queue' })
  if (values.cause !== undefined && !values.retry && !values.forget)
    throw chunkflowError('flag-invalid', '--cause chooses what --retry or --forget is for', {
      where: 'queue',
    })
  const logger = createLogger({ level: 'info', file: undefined })
  const { signal, release } = listenForSignals((message) => logger.warn(message))
  const host = createHost(await openRegistry())
  try {
    return await host.withServices(logger, async (container) => {
      const { queues } = (await container.resolve({ queues: QUEUES })) as never as {
        queues: ServiceFamily<QueueDriver>
      }
      const place = await findQueue(queues, name)
      try {
        const opened = await place.driver.open(place.name, { create: false })
        if (values.retry || values.forget)
          return await settle(name, opened, values.retry ? 'retry' : 'remove', values.cause, signal)
        return await report(name, opened, values.json ?? false, signal)
      } catch (error) {
        throw new RunFailure(error)
      }
    })
  } finally {
    release()
    await host.dispose()
  }
}

const print = (line: string): void => void process.stdout.write(`${redactAddresses(line)}\n`)

/** @throws service-missing for queues that cannot list what failed */
function failedOf(name: string, opened: Queue, signal: AbortSignal): AsyncIterable<FailedMessage> {
  if (opened.failed !== undefined) return opened.failed({ signal })
  throw chunkflowError('service-missing', 'Queues of this kind do not tell which tasks failed', {
    where: name,
    fix: 'look where the plugin that provides them puts failed tasks',
  })
}

async function report(name: string, opened: Queue, json: boolean, signal: AbortSignal): Promise<number> {
  const counts = await opened.counts?.()
  const failures: Pick<FailedMessage, 'body' | 'reason'>[] = []
  if (opened.failed !== undefined)
    for await (const { body, reason } of opened.failed({ signal })) failures.push({ body, reason })
  refuseInterrupted(name, signal)
  if (json) {
    const told = failures.map(({ body, reason }) => ({ body, reason: redactAddresses(reason) }))
    const answer = { queue: redactAddresses(name), counts: counts ?? null, failures: told }
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    return 0
  }
  if (counts !== undefined) print(`waiting ${counts.waiting}, held by workers ${counts.held}`)
  if (failures.length === 0) {
    print('failed 0')
    return 0
  }
  print(`failed ${failures.length}, by cause:`)
  for (const { reason, bodies } of groupFailures(failures)) {
    print(`\n  ${bodies.length} × ${reason.replaceAll('\n', '\n      ')}`)
    const more = bodies.length > BOXES_SHOWN ? `, and ${bodies.length - BOXES_SHOWN} more` : ''
    print(`      ${bodies.slice(0, BOXES_SHOWN).join(', ')}${more}`)
    const box = bodies.map(parseBox).find((found) => found !== null)
    if (box !== undefined)
      print(
        `      see it fail here: chunkflow create-bbox --start ${formatFlag(box.start)} --stop ${formatFlag(box.stop)} OPERATOR...`,
      )
  }
  print(`\nWhen the cause is mended: chunkflow queue ${name} --retry`)
  return 0
}

async function settle(
  name: string,
  opened: Queue,
  what: 'retry' | 'remove',
  cause: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  let settled = 0
  let left = 0
  for await (const message of failedOf(name, opened, signal)) {
    if (cause !== undefined && !message.reason.includes(cause)) left += 1
    else {
      await message[what]()
      settled += 1
    }
  }
  const done = what === 'retry' ? 'wait for workers again' : 'are forgotten'
  print(`${settled} failed tasks ${done}${left > 0 ? `, ${left} of other causes are left` : ''}`)
  refuseInterrupted(name, signal)
  return 0
}

/** A list ends early when the command is stopped, without an error. @throws run-interrupted */
function refuseInterrupted(name: string, signal: AbortSignal): void {
  if (signal.aborted)
    throw chunkflowError('run-interrupted', 'Stopped before all failed tasks were looked at', {
      where: `queue ${name}`,
      fix: 'run the same command again',
      retryable: true,
    })
}
