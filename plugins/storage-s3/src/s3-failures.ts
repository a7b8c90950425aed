import { type ChunkflowError, chunkflowError, isChunkflowError } from '@chunkflow/sdk'
import { type FailedRequest, failedRequest, refusedRequest } from '@chunkflow/sdk/storage'

/** What the service's errors say. */
interface ServiceError {
  readonly name?: string
  readonly message?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

export const statusOf = (error: unknown): number | undefined =>
  (error as ServiceError)?.$metadata?.httpStatusCode

/** True when there is no such object (the bucket exists, as far as is known). */
export const isMissing = (error: unknown): boolean =>
  statusOf(error) === 404 && (error as ServiceError).name !== 'NoSuchBucket'

/** Names that are the client's placeholders for an answer without a body. */
const NO_WORDS = /^(Unknown|UnknownError|[A-Z]\w+Error|\d+|)$/

/** An error of the client as one of ours, without the request and the answer that it carries. */
export function s3Failure(where: FailedRequest, error: unknown): ChunkflowError {
  if (isChunkflowError(error)) return error
  const status = statusOf(error)
  const { name, message = '' } = error as ServiceError
  if (name === 'NoSuchBucket')
    return chunkflowError(
      'storage-missing',
      `Cannot ${where.action} ${where.place}: there is no such bucket`,
      {
        fix: 'check the name of the bucket and the endpoint',
      },
    )
  if (status === undefined) return failedRequest(where, error)
  return refusedRequest(where, status, NO_WORDS.test(message) ? undefined : message)
}
