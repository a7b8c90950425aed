import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { recordingLogger, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isAllowedHost } from './allowed-host.js'
import { createLimiter } from './limiter.js'
import { bytes, type Route } from './reply.js'
import { type ServerSettings, startServer } from './server.js'
import { staticFiles } from './static-files.js'

const test = suite('viewer server')
const { logger } = recordingLogger()
const routes: Route[] = [
  ({ path }) => (path === 'packed' ? { ...bytes(gzipSync('packed')), contentEncoding: 'gzip' } : undefined),
  ({ path, method, query }) =>
    path === 'data' ? bytes(Buffer.from(`${method} ${query.get('a') ?? ''}`)) : undefined,
  ({ path }) => {
    if (path === 'broken') throw new Error('secret detail')
    return undefined
  },
]
const withServer = async (
  settings: Partial<ServerSettings>,
  use: (url: URL) => Promise<void>,
): Promise<void> => {
  const server = await startServer({
    port: undefined,
    bind: '127.0.0.1',
    token: undefined,
    routes,
    logger,
    ...settings,
  })
  try {
    await use(new URL(server.url))
  } finally {
    await server.close()
  }
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: NodeJS.Dict<string | string[]>
}
/** A request with the path as it is: `fetch` would tidy it up. */
const ask = (
  url: URL,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const call = request({ host: url.hostname, port: url.port, path, method, headers }, (response) => {
      let text = ''
      response.on('data', (part: Buffer) => {
        text += part.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }))
    })
    call.on('error', reject)
    call.end()
  })

test('answers what it knows and nothing else', async () => {
  await withServer({}, async (url) => {
    assert.is(url.hostname, '127.0.0.1')
    const answer = await ask(url, '/data?a=1')
    assert.equal([answer.status, answer.text], [200, 'GET 1'])
    assert.match(String(answer.headers['content-security-policy']), "default-src 'self'")
    assert.is(answer.headers['access-control-allow-origin'], undefined)
    assert.is(answer.headers['cache-control'], 'no-store')
    assert.is((await ask(url, '/other')).status, 404)
    const packed = await fetch(new URL('packed', url))
    assert.equal([packed.headers.get('content-encoding'), await packed.text()], ['gzip', 'packed'])
    assert.equal(await ask(url, '/data', { method: 'HEAD' }).then(({ status, text }) => [status, text]), [
      200,
      '',
    ])
    const broken = await ask(url, '/broken')
    assert.is(broken.status, 500)
    assert.not.match(broken.text, 'secret')
  })
})

test('refuses foreign hosts, other methods, pages of other sites, malformed paths', async () => {
  await withServer({}, async (url) => {
    const status = async (path: string, options?: Parameters<typeof ask>[2]) =>
      (await ask(url, path, options)).status
    for (const host of [
      'evil.example',
      `evil.example:${url.port}`,
      '127.0.0.1.evil.example',
      'a@127.0.0.1',
      '10.0.0.1',
    ])
      assert.is(await status('/data', { headers: { host } }), 403, host)
    for (const host of ['localhost:1', '[::1]:33333', '127.0.0.1'])
      assert.is(await status('/data', { headers: { host } }), 200, host)
    assert.is(await status('/data', { method: 'PUT' }), 405)
    assert.is(await status('/data', { method: 'OPTIONS' }), 405)
    assert.is(await status('/data', { method: 'POST' }), 403)
    assert.is(await status('/data', { method: 'POST', headers: { 'x-chunkflow': '1' } }), 200)
    assert.is(
      await status('/data', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } }),
      403,
    )
    for (const path of [
      '/../data',
      '/%2e%2e/data',
      '/a/%2e%2e/data',
      '/%zz',
      '/data%00',
      '/..%5cdata',
      'http://evil/data',
    ])
      assert.is(await status(path), 400, path)
    assert.is(await status(`/${'a'.repeat(20_000)}`), 431)
  })
})

test('answers only to its token', async () => {
  await withServer({ token: 'secret' }, async (url) => {
    assert.is(url.pathname, '/secret/')
    assert.is((await ask(url, '/secret/data')).status, 200)
    for (const path of [
      '/',
      '/data',
      '/secre/data',
      '/secret2/data',
      '/secret',
      '//secret/data',
      '/x/../secret/data',
    ])
      assert.ok([400, 404].includes((await ask(url, path)).status), path)
  })
})

test('what is no HTTP is refused and leaves the server standing', async () => {
  await withServer({}, async (url) => {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(url.port), url.hostname, () => socket.write('NONSENSE\r\n\r\n'))
      let text = ''
      socket.on('data', (part) => {
        text += part.toString()
      })
      socket.on('close', () => resolve(text))
    })
    assert.match(answer, '400 Bad Request')
    assert.is((await ask(url, '/data')).status, 200)
  })
})

test('a busy port, and an address of another machine, are clear errors', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as { port: number }
  const failure = (settings: Partial<ServerSettings>): Promise<string> =>
    refusal(withServer(settings, async () => {}))
  assert.match(await failure({ port }), `viewer-address: Port ${port} is in use`)
  assert.match(
    await failure({ bind: '203.0.113.1' }),
    'viewer-address: This machine has no address 203.0.113.1',
  )
  await new Promise((resolve) => other.close(resolve))
})

test('ends requests that are still waiting', async () => {
  let arrived = (): void => {}
  const waiting = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const server = await startServer({
    port: undefined,
    bind: '127.0.0.1',
    token: undefined,
    logger,
    routes: [
      ({ signal }) => {
        arrived()
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
      },
    ],
  })
  const asked = ask(new URL(server.url), '/data').catch((error: Error) => error.message)
  await waiting
  await server.close()
  assert.match(String(await asked), /hang up|reset/)
})

test('beyond loopback, its own names and addresses count', () => {
  assert.ok(isAllowedHost('192.168.7.3:33333', '0.0.0.0'))
  assert.ok(isAllowedHost('node7:33333', 'node7'))
  assert.not.ok(isAllowedHost('evil.example', '0.0.0.0'))
  assert.not.ok(isAllowedHost('192.168.7.3', '127.0.0.1'))
  assert.not.ok(isAllowedHost(undefined, '0.0.0.0'))
})

test('serves the files of a folder by name', async () => {
  const serve = await staticFiles(fileURLToPath(new URL('../pages/view/', import.meta.url)))
  const get = (path: string) =>
    serve({ method: 'GET', path, query: new URLSearchParams(), signal: new AbortController().signal })
  const page = await get('')
  assert.is(page?.type, 'text/html; charset=utf-8')
  assert.match(page!.body.toString(), '<!doctype html>')
  for (const path of ['main.ts', '../view/index.html', '/etc/passwd', 'constructor'])
    assert.is(await get(path), undefined)
})

test('the limiter lets so many run, and leaves out what nobody wants', async () => {
  const limiter = createLimiter(1)
  const { signal } = new AbortController()
  const gone = new AbortController()
  let release = (): void => {}
  const first = limiter.run(
    signal,
    () =>
      new Promise<string>((resolve) => {
        release = () => resolve('first')
      }),
  )
  const second = limiter.run(gone.signal, async () => 'second')
  const third = limiter
    .run(signal, async () => {
      throw new Error('third')
    })
    .catch((error: Error) => error.message)
  gone.abort()
  release()
  assert.equal(await Promise.all([first, second, third]), ['first', undefined, 'third'])
  assert.is(await limiter.run(signal, async () => 'fourth'), 'fourth')
})

test.run()
