import type { Queue, QueueDriver, ServiceFamily } from '@chunkflow/sdk'

/** `sqs://name`, `fq://folder`; a bare name is an SQS queue. @throws service-missing naming the kinds there are */
export async function openQueue(
  queues: ServiceFamily<QueueDriver>,
  name: string,
  options: { visibilitySeconds?: number },
): Promise<Queue> {
  const scheme = /^([a-z]+):\/\//.exec(name)?.[1] ?? 'sqs'
  return (await queues.get(scheme)).open(name.replace(/^[a-z]+:\/\//, ''), options)
}
