import type http from 'node:http'
import { type MemoryStorage, memoryStorage, sendObject } from '@chunkflow/sdk/testing'

/** A web server for files: ranges, HEAD, content encodings, and folders that answer with their slash. */
export function webHandler(files: MemoryStorage = memoryStorage()): http.RequestListener {
  return (request, response) => {
    const key = decodeURIComponent(new URL(request.url!, 'http://host').pathname.slice(1))
    const bytes = files.objects.get(key)
    if (bytes !== undefined) {
      sendObject(request, response, bytes, files.headers.get(key)?.contentEncoding)
      return
    }
    const isFolder = [...files.objects.keys()].some((name) => name.startsWith(`${key}/`))
    if (isFolder && !key.endsWith('/')) response.writeHead(301, { location: `${request.url}/` }).end()
    else response.writeHead(404).end('not found')
  }
}
