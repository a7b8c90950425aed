import type http from 'node:http'

/** Answers GET and HEAD for one object as web servers and buckets do: ranges from either end, 416 behind the end. */
export function sendObject(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  bytes: Uint8Array,
  contentEncoding?: string,
): http.ServerResponse {
  if (contentEncoding !== undefined) response.setHeader('content-encoding', contentEncoding)
  response.setHeader('accept-ranges', 'bytes')
  const range = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/.exec(request.headers.range ?? '')
  const fromEnd = range?.[3]
  const first = fromEnd ? Math.max(0, bytes.length - Number(fromEnd)) : Number(range?.[1] ?? 0)
  const last = Math.min(bytes.length - 1, range?.[2] ? Number(range[2]) : Number.MAX_SAFE_INTEGER)
  if (range !== null && first > last)
    return response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
  if (range !== null) response.setHeader('content-range', `bytes ${first}-${last}/${bytes.length}`)
  const part = bytes.subarray(first, last + 1)
  response.writeHead(range === null ? 200 : 206, { 'content-length': part.length })
  return response.end(request.method === 'HEAD' ? undefined : part)
}

/** The whole body of a request. */
export async function readBody(request: http.IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}
