import { createHash } from 'node:crypto'
import type http from 'node:http'
import { gunzipSync } from 'node:zlib'
import { type MemoryStorage, memoryStorage, readBody, sendObject } from '@chunkflow/sdk/testing'

/**
 * Enough of the JSON API of Google Cloud Storage for one bucket: downloads with ranges and unpacking on the way for
 * clients that do not say that they take gzip, uploads with sums and conditions, pages of a thousand names.
 */
export function gcsHandler(bucket: string, objects: MemoryStorage = memoryStorage()): http.RequestListener {
  const generations = new WeakMap<Uint8Array, number>()
  let counted = 1_700_000_000_000_000
  const generationOf = (bytes: Uint8Array | undefined): string => {
    if (bytes === undefined) return '0'
    if (!generations.has(bytes)) generations.set(bytes, ++counted)
    return String(generations.get(bytes))
  }
  return (request, response) => {
    void readBody(request).then((body) => {
      const url = new URL(request.url!, 'http://host')
      const [, upload, named = '', name] =
        /^\/(upload\/)?storage\/v1\/b\/([^/]+)\/o(?:\/([^/]+))?$/.exec(url.pathname) ?? []
      const refuse = (status: number, message: string): http.ServerResponse =>
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify({ error: { code: status, message } }))
      const send = (value: unknown): http.ServerResponse =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))

      if (named !== bucket) return refuse(404, 'The specified bucket does not exist.')
      if (upload !== undefined) {
        const { beside, bytes } = parts(request, body)
        const wanted = url.searchParams.get('ifGenerationMatch')
        if (wanted !== null && wanted !== generationOf(objects.objects.get(beside.name!)))
          return refuse(412, 'At least one of the pre-conditions you specified did not hold.')
        if (beside.md5Hash !== createHash('md5').update(bytes).digest('base64'))
          return refuse(400, 'Provided MD5 hash does not match')
        objects.objects.set(beside.name!, bytes)
        objects.headers.set(beside.name!, beside)
        return send({ generation: generationOf(bytes) })
      }
      if (name === undefined) return send(page(objects, url.searchParams))
      const key = decodeURIComponent(name)
      const bytes = objects.objects.get(key)
      if (bytes === undefined) return refuse(404, `No such object: ${bucket}/${key}`)
      if (request.method === 'DELETE') {
        objects.objects.delete(key)
        return response.writeHead(204).end()
      }
      if (url.searchParams.get('alt') !== 'media') return send({ size: String(bytes.length) })
      response.setHeader('x-goog-generation', generationOf(bytes))
      const { contentEncoding } = objects.headers.get(key) ?? {}
      if (contentEncoding === 'gzip' && !/gzip/.test(String(request.headers['accept-encoding'])))
        return response.end(gunzipSync(bytes))
      return sendObject(request, response, bytes, contentEncoding)
    })
  }
}

/** The JSON and the bytes of an upload. */
function parts(
  request: http.IncomingMessage,
  body: Buffer,
): { beside: Record<string, string>; bytes: Uint8Array } {
  const [, boundary = ''] = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '') ?? []
  const [head, json] = body.toString('latin1').split(`--${boundary}\r\n`, 2)
  const jsonStart = head!.length + boundary.length + 4 + json!.indexOf('\r\n\r\n') + 4
  const jsonEnd = body.indexOf(`\r\n--${boundary}`, jsonStart)
  const start = body.indexOf('\r\n\r\n', jsonEnd) + 4
  return {
    beside: JSON.parse(body.subarray(jsonStart, jsonEnd).toString()),
    bytes: new Uint8Array(body.subarray(start, body.lastIndexOf(`\r\n--${boundary}--`))),
  }
}

function page(objects: MemoryStorage, query: URLSearchParams): unknown {
  const names = [...objects.objects.keys()]
    .filter((name) => name.startsWith(query.get('prefix') ?? ''))
    .filter((name) => name > (query.get('pageToken') ?? ''))
    .sort()
  const items = names.slice(0, 1000).map((name) => ({ name }))
  return names.length > items.length ? { items, nextPageToken: items.at(-1)!.name } : { items }
}
