import { chunkflowError, type ServiceFamily } from '@chunkflow/kernel/authoring'
import type { QueueDriver } from './queues.js'

/** What to install for the kinds of queues we make ourselves. */
const PLUGINS: Readonly<Record<string, string>> = {
  fq: '@chunkflow/plugin-queue-file',
  sqs: '@chunkflow/plugin-queue-sqs',
}

export interface QueuePlace {
  readonly driver: QueueDriver
  /** Without the scheme. */
  readonly name: string
}

/** `sqs://name`, `fq://folder`; a bare name is an SQS queue. Contacts nothing. @throws service-missing */
export async function findQueue(queues: ServiceFamily<QueueDriver>, text: string): Promise<QueuePlace> {
  const [, scheme = 'sqs', name] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/s.exec(text)!
  if (queues.has(scheme)) return { driver: await queues.get(scheme), name: name! }
  const plugin = PLUGINS[scheme]
  const kinds = queues.keys().map((key) => `${key}://`)
  throw chunkflowError('service-missing', `No installed plugin opens ${scheme}:// queues`, {
    where: text,
    fix: [
      plugin === undefined
        ? `install a plugin for ${scheme}:// queues`
        : `chunkflow plugins install ${plugin}`,
      ...(kinds.length === 0 ? [] : [`queues there are: ${kinds.join(', ')}`]),
    ].join('; '),
  })
}
