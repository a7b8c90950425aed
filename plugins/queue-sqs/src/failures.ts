import { chunkflowError, isChunkflowError } from '@chunkflow/sdk'

interface AwsError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $retryable?: unknown
}

/** Names of errors by what they mean; AWS has an older and a newer one for some. */
const DENIED =
  /^(AccessDenied|AccessDeniedException|AuthFailure|CredentialsProviderError|ExpiredToken|InvalidClientTokenId|InvalidSecurity|KmsAccessDenied|SignatureDoesNotMatch|TokenProviderError|UnrecognizedClientException)/
const LOST = /(MessageNotInflight|ReceiptHandleIsInvalid)$/
/** The older name for both, and for much else. */
const PERHAPS_LOST = /InvalidParameterValue$/
const MISSING = /(QueueDoesNotExist|NonExistentQueue)$/
const EXISTS = /(QueueNameExists|QueueAlreadyExists)$/

export const isMissingQueue = (error: unknown): boolean => MISSING.test(nameOf(error))
export const isExistingQueue = (error: unknown): boolean => EXISTS.test(nameOf(error))
/** True when a message is no longer ours: its time was over, or it is gone. */
export const isLostLease = (error: unknown): boolean =>
  LOST.test(nameOf(error)) ||
  (PERHAPS_LOST.test(nameOf(error)) &&
    /receipt handle|ReceiptHandle|in flight/i.test((error as Error).message))

const nameOf = (error: unknown): string => (error as Partial<Error> | null)?.name ?? ''

/** An error of the SDK as one of ours. @param what `Cannot send tasks` */
export function sqsFailure(what: string, queue: string, cause: unknown): Error {
  if (isChunkflowError(cause)) return cause
  const error = cause as AwsError
  const where = `sqs://${queue}`
  if (isLostLease(error))
    return chunkflowError('queue-lease-lost', `${what}: the message is no longer held`, {
      where,
      fix: 'choose a --visibility-timeout longer than a task takes',
      retryable: true,
      cause,
    })
  const status = error.$metadata?.httpStatusCode
  if (DENIED.test(error.name) || status === 401 || status === 403)
    return chunkflowError('queue-denied', `${what}: ${error.message}`, {
      where,
      fix: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the role sqs rights',
      cause,
    })
  if (/region is missing/i.test(error.message))
    return chunkflowError('queue-denied', `${what}: no AWS region is set`, {
      where,
      fix: 'set AWS_REGION',
      cause,
    })
  return chunkflowError('queue-unreachable', `${what}: ${error.message || error.name}`, {
    where,
    fix: 'check the network, AWS_REGION and AWS_ENDPOINT_URL_SQS; fq://folder is a queue without a cloud',
    retryable: status === undefined || status >= 500 || status === 429,
    cause,
  })
}
