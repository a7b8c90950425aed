import { chunkflowError } from '@chunkflow/kernel/authoring'
import { withoutSecrets } from './secrets.js'

export interface BucketPlace {
  readonly bucket: string
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly folder: string
}

const BUCKET = /^[a-z0-9][a-z0-9._-]{1,221}[a-z0-9]$/i

/** `bucket/folder` behind the scheme of a URL. @throws storage-path-invalid */
export function parseBucketPlace(place: string, url: string): BucketPlace {
  const [bucket = '', ...parts] = place.split('/')
  const folder = parts.filter((part) => part !== '')
  if (!BUCKET.test(bucket) || folder.some((part) => part === '.' || part === '..') || place.includes('\0'))
    throw chunkflowError('storage-path-invalid', `"${withoutSecrets(url)}" names no bucket and folder`, {
      fix: 'give a place such as s3://bucket/folder or gs://bucket/folder',
    })
  return { bucket, folder: folder.join('/') }
}

/** Where the clouds' own servers give out public buckets. */
const PUBLIC_HOSTS: Readonly<Record<string, string>> = {
  gs: 'https://storage.googleapis.com/',
  s3: 'https://s3.amazonaws.com/',
}

/**
 * The web address at which a public bucket is read without credentials, also of a volume on a server of one's own
 * (`s3://https://host/bucket`); other paths as they are.
 */
export const anonymousPath = (path: string): string =>
  path.replace(
    /^(?:precomputed:\/\/)?(?:(gs|s3):\/\/|s3\+(?=https?:\/\/))(https?:\/\/)?/,
    (_, scheme?: string, own?: string) => own ?? PUBLIC_HOSTS[scheme!]!,
  )

/** Bytes that no other thread changes while they are sent. */
export const unshared = (bytes: Uint8Array): Uint8Array =>
  bytes.buffer instanceof SharedArrayBuffer ? new Uint8Array(bytes) : bytes

/** True when both hold the same bytes. */
export const sameBytes = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && Buffer.compare(left, right) === 0
