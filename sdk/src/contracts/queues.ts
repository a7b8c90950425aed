import { keyedToken, refuseMethods } from '@chunkflow/kernel/authoring'

export interface QueueMessage {
  readonly body: string
  readonly seconds: number
  extend(): Promise<void>
  acknowledge(): Promise<void>
  release(reason: string): Promise<void>
  deadLetter?(reason: string): Promise<void>
}

export interface Queue {
  send(bodies: readonly string[]): Promise<void>
  /** Null when the queue is empty. */
  receive(options: {
    readonly visibilitySeconds?: number
    readonly signal: AbortSignal
  }): Promise<QueueMessage | null>
}

/** Opens queues of one kind. Providers are keyed by scheme (`sqs`, `fq`); bare names mean `sqs`. */
export interface QueueDriver {
  /** Makes the queue when it does not exist. */
  open(name: string, options: { readonly visibilitySeconds?: number }): Promise<Queue>
}

export const QUEUES = keyedToken<QueueDriver>('chunkflow.queue', {
  readOnly: (driver) => refuseMethods(driver, ['open'], 'a task queue'),
})
