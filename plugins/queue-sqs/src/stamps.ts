import type { Message } from '@aws-sdk/client-sqs'

/** The attribute that holds what a message was sent with. */
export const STAMP = 'stamp'

/** A task as it is sent. */
export interface Stamped {
  readonly body: string
  readonly stamp: string | undefined
}

export const readStamped = ({ Body, MessageAttributes }: Message): Stamped => ({
  body: Body ?? '',
  stamp: MessageAttributes?.[STAMP]?.StringValue,
})

export const attributesOf = (stamp: string | undefined): Readonly<Record<string, string>> =>
  stamp === undefined ? {} : { [STAMP]: stamp }

/** A message has no member for a stamp that it does not have. */
export const stamped = (body: string, stamp: string | undefined): { body: string; stamp?: string } =>
  stamp === undefined ? { body } : { body, stamp }
