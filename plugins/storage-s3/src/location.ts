import { type BucketPlace, parseBucketPlace } from '@chunkflow/sdk/storage'

export interface S3Location extends BucketPlace {
  /** Of another server than Amazon's, when the URL names one. */
  readonly endpoint: string | undefined
  /** Without anything secret or redundant. */
  readonly root: string
}

/**
 * `s3://bucket/folder`, or `s3://https://host:port/bucket/folder` for a server that speaks the same protocol, as
 * CloudVolume writes it.
 * @throws storage-path-invalid
 */
export function parseLocation(url: string): S3Location {
  const place = url.replace(/^s3:\/\//i, '')
  const [, endpoint, rest = place] = /^(https?:\/\/[^/?#@]+)\/(.*)$/is.exec(place) ?? []
  const { bucket, folder } = parseBucketPlace(rest, url)
  const root = ['s3:/', ...(endpoint === undefined ? [] : [endpoint]), bucket, folder]
  return { bucket, folder, endpoint, root: root.filter((part) => part !== '').join('/') }
}
