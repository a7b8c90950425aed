import { createHash, randomBytes } from 'node:crypto'
import type { WriteOptions } from '@chunkflow/sdk'

/**
 * An object and what is kept beside it as one request, with a sum that Google checks: it appears whole and right, or not
 * at all.
 */
export function multipart(
  name: string,
  bytes: Uint8Array,
  {
    contentType = 'application/octet-stream',
    contentEncoding,
    cacheControl,
  }: Pick<WriteOptions, 'cacheControl' | 'contentEncoding' | 'contentType'>,
): { readonly body: Uint8Array; readonly contentType: string } {
  const boundary = randomBytes(16).toString('hex')
  const md5Hash = createHash('md5').update(bytes).digest('base64')
  // absent values are left out by JSON
  const beside = JSON.stringify({ name, contentType, contentEncoding, cacheControl, md5Hash })
  const head = [
    `--${boundary}`,
    'Content-Type: application/json; charset=UTF-8',
    '',
    beside,
    `--${boundary}`,
    `Content-Type: ${contentType}`,
    '',
    '',
  ]
  return {
    body: Buffer.concat([Buffer.from(head.join('\r\n')), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    contentType: `multipart/related; boundary=${boundary}`,
  }
}
