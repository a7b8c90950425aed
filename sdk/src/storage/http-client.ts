import http from 'node:http'
import https from 'node:https'
import { isChunkflowError } from '@chunkflow/kernel/authoring'
import { collectBody } from './body.js'
import { type FailedRequest, failedRequest, refusedRequest } from './failures.js'
import { inTime } from './in-time.js'
import { limitConcurrency } from './limit.js'
import { isTransientStatus, type RetrySettings, retry } from './retry.js'

export interface HttpRequest extends FailedRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly url: URL
  /** Made anew for every try: tokens expire. */
  readonly headers?: () => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly signal?: AbortSignal | undefined
  /** Which redirections are followed; none unless given. One that is not is the answer. */
  readonly redirects?: (next: URL) => boolean
  /** Looks at an answer before its body is read; what it throws ends the request. */
  readonly inspect?: (answer: Omit<HttpAnswer, 'bytes' | 'attempts'>) => void
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  /** As sent: no content encoding is undone. */
  readonly bytes: Uint8Array
  /** Of how many tries this was the last. */
  readonly attempts: number
}

export interface HttpSettings extends Omit<RetrySettings, 'signal'> {
  /** The longest time without a sign of life. */
  readonly idleTimeoutMs?: number
  /** Requests at once; the others wait. */
  readonly connections?: number
}

export interface HttpClient {
  /**
   * Sends a request until there is an answer that is not of the passing kind.
   * @throws storage-unavailable when all tries failed; what `headers` and `inspect` throw
   */
  send(request: HttpRequest): Promise<HttpAnswer>
  /** Closes the connections that are kept open. */
  dispose(): void
}

export const IDLE_TIMEOUT_MS = 30_000
export const CONNECTIONS = 64
/** Enough for load balancers, sign-on pages and mirrors; a circle ends here. */
const MOST_REDIRECTS = 5

/**
 * HTTP for storages: connections are reused, bodies arrive as they were sent and complete, failures that deserve it are
 * tried again. Node's own client rather than `fetch`, which decompresses on the way.
 */
export function createHttpClient(settings: HttpSettings = {}): HttpClient {
  const { idleTimeoutMs = IDLE_TIMEOUT_MS, connections = CONNECTIONS, ...retrying } = settings
  const limit = limitConcurrency(connections)
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  }

  /** One request and its answer. */
  function exchange(
    request: HttpRequest,
    url: URL,
    headers: Readonly<Record<string, string>>,
  ): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const { method, body, signal, inspect } = request
      const secure = url.protocol === 'https:'
      const outgoing = (secure ? https : http).request(url, {
        method,
        agent: agents[secure ? 'https:' : 'http:'],
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(body.length) }) },
        ...(signal === undefined ? {} : { signal }),
      })
      outgoing.setTimeout(idleTimeoutMs, () =>
        outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      )
      outgoing.on('error', reject)
      outgoing.on('response', (incoming) => {
        const answer = { status: incoming.statusCode!, headers: incoming.headers }
        try {
          inspect?.(answer)
        } catch (error) {
          incoming.destroy()
          reject(error)
          return
        }
        const promised = incoming.headers['content-length']
        collectBody(incoming, {
          expectedBytes:
            method === 'HEAD' || answer.status === 204 || answer.status === 304
              ? 0
              : promised === undefined
                ? undefined
                : Number(promised),
          idleTimeoutMs,
          signal,
        }).then((bytes) => resolve({ ...answer, bytes, attempts: 1 }), reject)
      })
      outgoing.end(body)
    })
  }

  async function follow(request: HttpRequest): Promise<HttpAnswer> {
    let { url } = request
    const { signal } = request
    const headers = await inTime(request.headers?.() ?? {}, { milliseconds: idleTimeoutMs, signal })
    let sent = headers
    for (let hop = 0; ; hop++) {
      const answer = await exchange(request, url, sent)
      const location = answer.headers.location
      if (request.redirects === undefined || answer.status < 300 || answer.status > 308 || !location)
        return answer
      const next = new URL(location, url)
      if (!request.redirects(next)) return answer
      if (hop >= MOST_REDIRECTS)
        throw refusedRequest(request, answer.status, `it was sent elsewhere ${hop + 1} times`)
      if (!/^https?:$/.test(next.protocol) || (url.protocol === 'https:' && next.protocol === 'http:'))
        throw refusedRequest(request, answer.status, `it was sent from ${url.protocol} to ${next.protocol}`)
      // what was meant for one host is no other's business
      if (next.origin !== url.origin) sent = withoutAuthorization(headers)
      url = next
    }
  }

  return {
    async send(request) {
      const attempt = async (attempts: number): Promise<HttpAnswer> => {
        const answer = await limit(() => {
          request.signal?.throwIfAborted()
          return follow(request)
        })
        if (isTransientStatus(answer.status))
          throw Object.assign(refusedRequest(request, answer.status, http.STATUS_CODES[answer.status]), {
            status: answer.status,
            retryAfterMs: retryAfterMs(answer.headers['retry-after']),
          })
        return { ...answer, attempts }
      }
      try {
        return await retry(attempt, { ...retrying, signal: request.signal })
      } catch (error) {
        request.signal?.throwIfAborted()
        throw isChunkflowError(error) ? error : failedRequest(request, error)
      }
    },
    dispose() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

const withoutAuthorization = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'))

/** Seconds or a date. */
function retryAfterMs(header: string | undefined): number {
  if (header === undefined) return 0
  const seconds = Number(header)
  const milliseconds = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000
  return Number.isNaN(milliseconds) ? 0 : Math.max(0, milliseconds)
}
