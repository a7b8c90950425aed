import type http from 'node:http'
import { type MemoryStorage, memoryStorage } from '@chunkflow/sdk/testing'

/** A web server for files: ranges, HEAD, entity tags, content encodings, and folders that answer with their slash. */
export function webHandler(files: MemoryStorage = memoryStorage()): http.RequestListener {
  return (request, response) => {
    const key = decodeURIComponent(new URL(request.url!, 'http://host').pathname.slice(1))
    const bytes = files.objects.get(key)
    if (bytes === undefined) {
      const isFolder = [...files.objects.keys()].some((name) => name.startsWith(`${key}/`))
      if (isFolder && !key.endsWith('/')) response.writeHead(301, { location: `${request.url}/` }).end()
      else response.writeHead(404).end('not found')
      return
    }
    const { contentEncoding } = files.headers.get(key) ?? {}
    if (contentEncoding !== undefined) response.setHeader('content-encoding', contentEncoding)
    response.setHeader('accept-ranges', 'bytes')
    const range = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/.exec(request.headers.range ?? '')
    const first =
      range === null ? 0 : range[3] ? Math.max(0, bytes.length - Number(range[3])) : Number(range[1])
    const last = Math.min(bytes.length - 1, range?.[2] ? Number(range[2]) : Number.MAX_SAFE_INTEGER)
    if (range !== null && first > last) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
      return
    }
    if (range !== null) response.setHeader('content-range', `bytes ${first}-${last}/${bytes.length}`)
    const part = bytes.subarray(first, last + 1)
    response.writeHead(range === null ? 200 : 206, { 'content-length': part.length })
    response.end(request.method === 'HEAD' ? undefined : part)
  }
}
