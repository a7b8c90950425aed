import http from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What may go wrong with one answer: a status, a connection that is reset, half a body and then the end (`truncate`) or
 * nothing more (`stall`), no answer at all (`silence`), a body that trickles (`slow`).
 */
export type Fault =
  | 'reset'
  | 'silence'
  | 'slow'
  | 'stall'
  | 'truncate'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

export interface ReceivedRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: http.IncomingHttpHeaders
  /** The client's port: the same for all requests of one connection. */
  readonly connection: number
}

/** A server on the loopback address that answers as a handler says, or fails when it is told to. */
export interface FaultyServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Everything that was asked, in order; may be emptied. */
  readonly requests: ReceivedRequest[]
  /** The next answers go wrong, one after the other. */
  fail(...faults: readonly Fault[]): void
  close(): Promise<void>
}

export async function faultyServer(handler: http.RequestListener): Promise<FaultyServer> {
  const requests: ReceivedRequest[] = []
  const faults: Fault[] = []
  const server = http.createServer((request, response) => {
    const { method = '', url = '', headers, socket } = request
    requests.push({ method, url, headers, connection: socket.remotePort! })
    const fault = faults.shift()
    if (fault === undefined) handler(request, response)
    else failWith(fault, handler, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fail: (...wanted) => {
      faults.splice(0, faults.length, ...wanted)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function failWith(
  fault: Fault,
  handler: http.RequestListener,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  if (fault === 'reset') request.socket.resetAndDestroy()
  else if (fault === 'silence') request.resume()
  else if (typeof fault === 'object') {
    // the body is read first: a client that is still sending would see a reset
    request.resume().on('end', () => response.writeHead(fault.status, fault.headers).end())
  } else {
    keepBody(response, (body, end) => {
      const half = body.subarray(0, Math.ceil(body.length / 2))
      if (fault === 'slow') void trickle(response, body, end)
      else if (half.length === 0) request.socket.destroy()
      else response.write(half, () => fault === 'truncate' && request.socket.destroy())
    })
    handler(request, response)
  }
}

/** Takes over the handler's body; the headers are sent as the handler sets them, with the whole length. */
function keepBody(response: http.ServerResponse, send: (body: Buffer, end: () => void) => void): void {
  const pieces: Buffer[] = []
  const { write, end } = response
  response.write = ((piece: string | Uint8Array) => {
    pieces.push(Buffer.from(piece as Uint8Array))
    return true
  }) as typeof response.write
  response.end = ((piece?: string | Uint8Array) => {
    if (piece !== undefined && typeof piece !== 'function') pieces.push(Buffer.from(piece as Uint8Array))
    const body = Buffer.concat(pieces)
    response.write = write
    response.end = end
    if (!response.headersSent) response.setHeader('content-length', body.length)
    send(body, () => response.end())
    return response
  }) as typeof response.end
}

async function trickle(response: http.ServerResponse, body: Buffer, end: () => void): Promise<void> {
  const piece = Math.max(1, Math.ceil(body.length / 12))
  for (let start = 0; start < body.length; start += piece) {
    response.write(body.subarray(start, start + piece))
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  end()
}
