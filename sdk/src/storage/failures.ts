import { type ChunkflowError, chunkflowError } from '@chunkflow/kernel/authoring'
import { isTransient, isTransientStatus } from './retry.js'

export interface FailedRequest {
  /** `read`, `write`, `list`, `delete`. */
  readonly action: string
  /** The object or folder, without secrets. */
  readonly place: string
  /** The storage itself, for `chunkflow doctor`. */
  readonly root: string
}

/** A status that means failure, as one of our errors. @param said the server's own words, if they are for people */
export function refusedRequest(
  { action, place, root }: FailedRequest,
  status: number,
  said?: string,
): ChunkflowError {
  const reason = said === undefined || said === '' ? `status ${status}` : `${said} (status ${status})`
  const what = `Cannot ${action} ${place}: ${reason}`
  if (status === 401 || status === 403)
    return chunkflowError('storage-denied', what, {
      fix: `see which credential is used and what it may do: chunkflow doctor ${root}`,
    })
  if (isTransientStatus(status))
    return chunkflowError('storage-unavailable', what, { fix: 'try again later', retryable: true })
  return chunkflowError('storage-failed', what, { fix: 'check the path and the options of the storage' })
}

const NETWORK_REASONS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'check the address and that the server runs'],
  ENOTFOUND: ['its host has no address', 'check the spelling of the host or bucket, and the network'],
  ETRUNCATED: ['its answers are cut short', 'try again later'],
  ETIMEDOUT: ['it does not answer in time', 'check the network, or try again later'],
}

/** A request that got no answer, as one of our errors. Only the cause's own sentence is kept: it may carry headers. */
export function failedRequest({ action, place }: FailedRequest, cause: unknown): ChunkflowError {
  const { code = '', name = '', message = String(cause) } = cause as Partial<NodeJS.ErrnoException>
  const [reason, fix] = NETWORK_REASONS[name === 'TimeoutError' ? 'ETIMEDOUT' : code] ?? [
    message === '' ? code : message,
    'check the network, or try again later',
  ]
  return chunkflowError('storage-unavailable', `Cannot ${action} ${place}: ${reason}`, {
    fix,
    retryable: isTransient(cause) || code === 'ECONNREFUSED' || code === 'ENOTFOUND',
    cause: new Error([code, message].filter((text) => text !== '').join(': ')),
  })
}

/** For writers whose condition does not hold. */
export const conflict = (place: string, { ifAbsent }: { readonly ifAbsent?: boolean }): ChunkflowError =>
  chunkflowError(
    'storage-conflict',
    ifAbsent ? `${place} exists already` : `${place} was changed by somebody else, or is gone`,
    { fix: 'read it again, and write again if that is still wanted' },
  )
