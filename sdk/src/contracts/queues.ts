import { keyedToken, refuseMethods } from '@chunkflow/kernel/authoring'

export interface QueueMessage {
  readonly body: string
  /** What it was sent with. */
  readonly stamp?: string
  readonly seconds: number
  extend(): Promise<void>
  acknowledge(): Promise<void>
  release(reason: string): Promise<void>
  deadLetter?(reason: string): Promise<void>
}

/** How many messages there are; services in the cloud know it roughly, some seconds late. */
export interface QueueCounts {
  /** Those that a worker may fetch. */
  readonly waiting: number
  /** Those that a worker has, or had when it died. */
  readonly held: number
  /** Those that were put aside. */
  readonly failed: number
}

/** A message that was put aside by {@link QueueMessage.deadLetter}. */
export interface FailedMessage {
  readonly body: string
  readonly stamp?: string
  readonly reason: string
  /** Offers it to workers again. */
  retry(): Promise<void>
  /** Forgets it. */
  remove(): Promise<void>
}

/** What travels with messages beside their bodies. */
export interface SendOptions {
  /** Up to 64 letters and digits, only for a queue that {@link Queue.keepsStamps}. */
  readonly stamp?: string | undefined
}

export interface Queue {
  /** A message has the stamp it was sent with, also when it comes back, is put aside or is tried again. */
  readonly keepsStamps?: boolean
  send(bodies: readonly string[], options?: SendOptions): Promise<void>
  /** Null when the queue is empty. */
  receive(options: {
    readonly visibilitySeconds?: number
    readonly signal: AbortSignal
  }): Promise<QueueMessage | null>
  counts?(): Promise<QueueCounts>
  /** What was put aside, each message once; it stays there unless it is retried or removed. */
  failed?(options: { readonly signal: AbortSignal }): AsyncIterable<FailedMessage>
}

/** Opens queues of one kind. Providers are keyed by scheme (`sqs`, `fq`); bare names mean `sqs`. */
export interface QueueDriver {
  /**
   * Makes the queue when it does not exist, unless `create` is false.
   * @throws queue-missing
   */
  open(
    name: string,
    options: { readonly visibilitySeconds?: number; readonly create?: boolean },
  ): Promise<Queue>
}

export const QUEUES = keyedToken<QueueDriver>('chunkflow.queue', {
  readOnly: (driver) => refuseMethods(driver, ['open'], 'a task queue'),
})
