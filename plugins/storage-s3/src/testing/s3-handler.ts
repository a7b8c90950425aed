import { createHash } from 'node:crypto'
import type http from 'node:http'
import { type MemoryStorage, memoryStorage, readBody, sendObject } from '@chunkflow/sdk/testing'

/**
 * Enough of the S3 protocol for one bucket, with what the emulators on npm lack: conditional writes. Objects lie in a
 * storage in memory.
 */
export function s3Handler(bucket: string, objects: MemoryStorage = memoryStorage()): http.RequestListener {
  return (request, response) => {
    void readBody(request).then((body) => answer(bucket, objects, request, body, response))
  }
}

const etagOf = (bytes: Uint8Array): string => `"${createHash('md5').update(bytes).digest('hex')}"`

function answer(
  bucket: string,
  objects: MemoryStorage,
  request: http.IncomingMessage,
  body: Buffer,
  response: http.ServerResponse,
): http.ServerResponse {
  const url = new URL(request.url!, 'http://host')
  const [, named = '', ...rest] = url.pathname.split('/')
  const key = decodeURIComponent(rest.join('/'))
  const refuse = (status: number, code: string): http.ServerResponse => {
    const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} it is</Message></Error>`
    response.writeHead(status, { 'content-type': 'application/xml' })
    return response.end(request.method === 'HEAD' ? undefined : text)
  }
  if (named !== bucket) return refuse(404, 'NoSuchBucket')
  if (key === '') return response.end(listing(objects, url.searchParams))
  const bytes = objects.objects.get(key)
  const etag = bytes === undefined ? undefined : etagOf(bytes)
  switch (request.method) {
    case 'PUT': {
      const { 'if-none-match': none, 'if-match': match } = request.headers
      if (match !== undefined && etag === undefined) return refuse(404, 'NoSuchKey')
      if ((none === '*' && etag !== undefined) || (match !== undefined && match !== etag))
        return refuse(412, 'PreconditionFailed')
      const encoding = request.headers['content-encoding']
      objects.objects.set(key, new Uint8Array(body))
      objects.headers.set(key, {
        ...(encoding === undefined ? {} : { contentEncoding: encoding }),
        contentType: request.headers['content-type'] ?? '',
        cacheControl: request.headers['cache-control'] ?? '',
      })
      return response.writeHead(200, { etag: etagOf(body) }).end()
    }
    case 'DELETE':
      objects.objects.delete(key)
      return response.writeHead(204).end()
    default:
      if (bytes === undefined) return refuse(404, 'NoSuchKey')
      response.setHeader('etag', etag!)
      return sendObject(request, response, bytes, objects.headers.get(key)?.contentEncoding)
  }
}

const escapeXml = (text: string): string => text.replace(/[<>&]/g, (mark) => `&#${mark.charCodeAt(0)};`)

/** Pages of a thousand, like Amazon's. */
function listing(objects: MemoryStorage, query: URLSearchParams): string {
  const after = query.get('continuation-token') ?? ''
  const names = [...objects.objects.keys()]
    .filter((name) => name.startsWith(query.get('prefix') ?? '') && name > after)
    .sort()
  const page = names.slice(0, 1000)
  const contents = page.map((name) => `<Contents><Key>${escapeXml(name)}</Key></Contents>`).join('')
  const more = names.length > page.length
  const next = more ? `<NextContinuationToken>${escapeXml(page.at(-1)!)}</NextContinuationToken>` : ''
  return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents}</ListBucketResult>`
}
