import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { chunkflowError, type Logger } from '@chunkflow/sdk'
import { isAllowedHost } from './allowed-host.js'
import { type Reply, type Route, refusal, type ViewerRequest } from './reply.js'

export interface ServerSettings {
  /** Undefined: any free one. */
  readonly port: number | undefined
  readonly bind: string
  /** First part of every path; undefined: none. */
  readonly token: string | undefined
  /** Asked in order; the first that knows the path answers. */
  readonly routes: readonly Route[]
  readonly logger: Logger
}

export interface ViewerServer {
  /** Ends in a slash. */
  readonly url: string
  /** Also ends requests under way. */
  close(): Promise<void>
}

/** No page may be framed, send what it shows elsewhere, or load anything from elsewhere. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const

/** A page of another origin can send such a header only after asking, and nobody here answers that question. */
export const INTENT_HEADER = 'x-chunkflow'

/** @throws viewer-address */
export async function startServer(settings: ServerSettings): Promise<ViewerServer> {
  const server = createServer((request, response) => {
    answer(request, response, settings).catch((error: unknown) => {
      settings.logger.warn(`viewer: ${(error as Error).message}`)
      if (response.headersSent) response.destroy()
      else send(response, refusal(500, 'this could not be read; the terminal says why'), request.method)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(addressError(error, settings)))
    server.listen(settings.port ?? 0, settings.bind, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${shownHost(settings.bind)}:${port}/${settings.token === undefined ? '' : `${settings.token}/`}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What to type where the browser runs: an address that means "all" is the machine's name. */
function shownHost(bind: string): string {
  if (bind === '0.0.0.0' || bind === '::') return hostname()
  return bind.includes(':') ? `[${bind}]` : bind
}

function addressError(error: NodeJS.ErrnoException, { port, bind }: ServerSettings): Error {
  const reasons: Readonly<Record<string, readonly [string, string]>> = {
    EADDRINUSE: [`Port ${port} is in use`, 'choose another --port, or leave it out to get a free one'],
    EACCES: [`Port ${port} needs a privileged user`, 'choose a --port above 1023'],
    EADDRNOTAVAIL: [
      `This machine has no address ${bind}`,
      'give --bind one of its addresses, or 0.0.0.0 for all',
    ],
    ENOTFOUND: [`"${bind}" is no address`, 'give --bind an address of this machine, or 0.0.0.0 for all'],
  }
  const [what, fix] = reasons[error.code ?? ''] ?? [
    `Cannot listen on ${bind}: ${error.message}`,
    'check --bind and --port',
  ]
  return chunkflowError('viewer-address', what, { fix, cause: error })
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  settings: ServerSettings,
): Promise<void> {
  const parsed = parseRequest(request, settings)
  if ('status' in parsed) {
    send(response, parsed, request.method)
    return
  }
  const controller = new AbortController()
  response.once('close', () => controller.abort())
  const asked: ViewerRequest = { ...parsed, signal: controller.signal }
  for (const route of settings.routes) {
    const reply = await route(asked)
    if (reply === undefined) continue
    send(response, reply, request.method)
    return
  }
  send(response, refusal(404, 'there is no such thing here'), request.method)
}

/** Refuses whatever is not a plain request of our own page. A body is never read. */
function parseRequest(
  request: IncomingMessage,
  { bind, token }: ServerSettings,
): Omit<ViewerRequest, 'signal'> | Reply {
  const { method, headers, url = '' } = request
  if (!isAllowedHost(headers.host, bind))
    return refusal(
      403,
      'this viewer does not answer to that host name; use the printed address, or start it with --bind',
    )
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return refusal(405, 'only GET and POST')
  if (method === 'POST' && headers[INTENT_HEADER] === undefined)
    return refusal(403, 'only the page itself may do that')
  if (headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate')
    return refusal(403, 'not from another site')
  const [raw, query = ''] = url.split('?', 2) as [string, string?]
  let decoded: string
  try {
    decoded = decodeURIComponent(raw)
  } catch {
    return refusal(400, 'a malformed path')
  }
  if (!/^\/[\w.:/-]*$/.test(decoded) || decoded.split('/').some((part) => part === '..' || part === '.'))
    return refusal(400, 'a malformed path')
  const path = decoded.slice(1)
  if (token === undefined)
    return { method: method === 'POST' ? 'POST' : 'GET', path, query: new URLSearchParams(query) }
  const slash = path.indexOf('/')
  if (slash < 0 || !sameText(path.slice(0, slash), token)) return refusal(404, 'there is no such thing here')
  return {
    method: method === 'POST' ? 'POST' : 'GET',
    path: path.slice(slash + 1),
    query: new URLSearchParams(query),
  }
}

/** Compares in a time that tells nothing about where the texts differ. */
function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(left), digest(right))
}

function send(
  response: ServerResponse,
  { status, type, body, isStatic, contentEncoding }: Reply,
  method: string | undefined,
): void {
  if (response.destroyed) return
  const data = typeof body === 'string' ? Buffer.from(body) : body
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': type,
    ...(contentEncoding === undefined ? {} : { 'Content-Encoding': contentEncoding }),
    'Content-Length': data.byteLength,
    // data of the next run have the same address
    'Cache-Control': isStatic ? 'no-cache' : 'no-store',
  })
  response.end(method === 'HEAD' ? undefined : data)
}
