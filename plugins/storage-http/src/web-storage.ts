import { chunkflowError, type Storage } from '@chunkflow/sdk'
import {
  checkKey,
  cutRange,
  encodeKey,
  type HttpAnswer,
  type HttpClient,
  type HttpRequest,
  rangeHeader,
  refusedRequest,
  withoutSecrets,
} from '@chunkflow/sdk/storage'

/** A server that ignores ranges sends the whole object. So much more than was wanted is accepted, not gigabytes. */
const LARGEST_EXCESS_BYTES = 16 * 2 ** 20
/** What readers of volumes decompress. Servers that keep objects compressed then send them as they are. */
const ENCODINGS = 'gzip, br'

/**
 * A folder of a web server, read only. A query in the address (a signature, a token) goes with every request and appears
 * in no message; so do a user and a password, as basic authorization.
 */
export function openWebStorage(url: string, client: HttpClient): Storage {
  const base = parse(url)
  const root = withoutSecrets(url).replace(/\/+$/, '')
  const authorization = basicAuthorization(base)

  /** Null when there is nothing of that name, or a folder. */
  async function request(
    method: 'GET' | 'HEAD',
    key: string,
    {
      headers = {},
      signal,
      inspect,
    }: {
      headers?: Readonly<Record<string, string>>
      signal?: AbortSignal | undefined
      inspect?: HttpRequest['inspect']
    },
  ): Promise<HttpAnswer | null> {
    signal?.throwIfAborted()
    const object = new URL(base)
    object.username = ''
    object.password = ''
    object.hash = ''
    object.pathname = `${base.pathname.replace(/\/+$/, '')}/${encodeKey(checkKey(key))}`
    const where = { action: 'read', place: `${root}/${key}`, root }
    // servers answer for a folder by pointing at the same name with a slash behind it
    const folder = `${object.pathname}/`
    let isFolder = false
    const answer = await client.send({
      ...where,
      method,
      url: object,
      redirects: ({ pathname }) => {
        isFolder = pathname === folder
        return !isFolder
      },
      headers: () => ({ ...authorization, ...headers }),
      signal,
      ...(inspect === undefined ? {} : { inspect }),
    })
    const { status } = answer
    if (isFolder || status === 404 || status === 410) return null
    if (status === 416 || (status >= 200 && status < 300)) return answer
    throw refusedRequest(where, status)
  }

  /** Servers that compress on the fly do not know the length beforehand. */
  async function size(key: string, signal: AbortSignal | undefined): Promise<number | null> {
    for (const encoding of ['identity', ENCODINGS]) {
      const answer = await request('HEAD', key, { headers: { 'accept-encoding': encoding }, signal })
      if (answer === null) return null
      if (answer.headers['content-length'] !== undefined) return Number(answer.headers['content-length'])
    }
    return (await request('GET', key, { signal }))?.bytes.length ?? null
  }

  return {
    root,
    read: async (key, { signal } = {}) => {
      const answer = await request('GET', key, { headers: { 'accept-encoding': ENCODINGS }, signal })
      if (answer === null) return null
      const { 'content-encoding': contentEncoding, etag } = answer.headers
      return {
        bytes: answer.bytes,
        ...(contentEncoding === undefined ? {} : { contentEncoding }),
        ...(etag === undefined ? {} : { version: etag }),
      }
    },
    readRange: async (key, start, length, { signal } = {}) => {
      checkKey(key)
      if (length <= 0) return (await size(key, signal)) === null ? null : new Uint8Array(0)
      const answer = await request('GET', key, {
        headers: { range: rangeHeader(start, length), 'accept-encoding': 'identity' },
        signal,
        inspect: ({ status, headers }) => refuseWhole(status, headers, Math.abs(start) + length, root),
      })
      if (answer === null) return null
      if (answer.status === 416) return new Uint8Array(0)
      const contentRange = answer.status === 206 ? (answer.headers['content-range'] ?? '') : undefined
      return cutRange(answer.bytes, contentRange, { start, length, place: `${root}/${key}` })
    },
    size: async (key, { signal } = {}) => {
      checkKey(key)
      return size(key, signal)
    },
    write: async () => refuse(root, 'write'),
    // biome-ignore lint/correctness/useYield: it refuses when it is first asked
    async *list() {
      refuse(root, 'list')
    },
    delete: async () => refuse(root, 'delete'),
    describeAccess: async () => ({
      credential: describeCredential(base),
      facts: { address: root, writing: 'no, web servers are read only here' },
    }),
  }
}

function refuseWhole(
  status: number,
  headers: HttpAnswer['headers'],
  wantedBytes: number,
  root: string,
): void {
  if (status !== 200 || Number(headers['content-length'] ?? 0) <= wantedBytes + LARGEST_EXCESS_BYTES) return
  throw chunkflowError(
    'storage-unsupported',
    `The server of ${root} ignores ranges and would send ${headers['content-length']} bytes`,
    { fix: 'copy the volume to a server that knows range requests, or to this machine' },
  )
}

function parse(url: string): URL {
  try {
    return new URL(url)
  } catch {
    throw chunkflowError(
      'storage-path-invalid',
      `"${withoutSecrets(url)}" is not the address of a web server`,
      {
        fix: 'give an address such as https://example.org/volume',
      },
    )
  }
}

function basicAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

const describeCredential = ({ username, search }: URL): string =>
  username !== ''
    ? `user ${decodeURIComponent(username)} and a password, from the address`
    : search === ''
      ? 'none (anonymous)'
      : 'the query of the address'

function refuse(root: string, action: string): never {
  throw chunkflowError(
    'storage-unsupported',
    `Web servers are read only and have no listings: cannot ${action} ${root}`,
    {
      fix: 'use the place behind the server: file://, s3:// or gs://',
    },
  )
}
