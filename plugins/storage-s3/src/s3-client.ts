import { S3Client } from '@aws-sdk/client-s3'
import type { FoundCredential } from './credentials.js'
import type { S3Settings } from './settings.js'

/** Amazon's client without its own repetitions: those of this program know about bodies that are cut short. */
export function makeClient({
  bucket,
  settings,
  credential,
  idleTimeoutMs,
}: {
  readonly bucket: string
  readonly settings: S3Settings
  readonly credential: FoundCredential
  readonly idleTimeoutMs: number
}): S3Client {
  const { env } = process
  // the client tells about its own future on stderr
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const { endpoint, region, pathStyle } = settings
  return new S3Client({
    region,
    maxAttempts: 1,
    followRegionRedirects: true,
    // certificates of virtual hosts do not cover names with dots
    forcePathStyle: pathStyle || bucket.includes('.'),
    requestHandler: {
      connectionTimeout: idleTimeoutMs,
      socketTimeout: idleTimeoutMs,
      httpAgent: { keepAlive: true },
      httpsAgent: { keepAlive: true },
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    // other servers than Amazon's often know no checksums in headers
    ...(endpoint === undefined || env.AWS_REQUEST_CHECKSUM_CALCULATION !== undefined
      ? {}
      : { requestChecksumCalculation: 'WHEN_REQUIRED' as const }),
    ...(credential.provider === undefined
      ? {
          credentials: { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' },
          signer: { sign: async (request) => request },
        }
      : { credentials: credential.provider }),
  })
}
