import { gzipSync } from 'node:zlib'
import type { Storage } from '@chunkflow/sdk'
import type { HttpSettings } from '@chunkflow/sdk/storage'
import {
  driverWorkshop,
  errorOf,
  IMPATIENT,
  memoryStorage,
  storageConformance,
  storageFaultConformance,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { webHandler } from './testing/web-handler.js'
import { createWebDriver } from './web-driver.js'

const test = suite('storage-http')
const { driver, serve, close } = driverWorkshop(createWebDriver)
test.after(close)

async function open(settings: HttpSettings = {}) {
  const writer = memoryStorage()
  const server = await serve(webHandler(writer))
  return { writer, server, storage: await driver(settings).open(`${server.url}/`) }
}
const without = ['conditions', 'list', 'write'] as const
for (const check of storageConformance(() => open(), { without })) test(check.name, check.run)
for (const check of storageFaultConformance(() => open(IMPATIENT), { ...IMPATIENT.policy, without }))
  test(check.name, check.run)

test('places below a folder, with escapes, a query and a password', async () => {
  const files = memoryStorage()
  await files.write('a b/volume/info', Buffer.from('{}'))
  const server = await serve(webHandler(files))
  const url = `${server.url.replace('//', '//user:p%40ss@')}/a%20b/volume?token=secret#part`
  const storage = await driver().open(url)
  assert.is(storage.root, `${server.url}/a%20b/volume`)
  assert.ok(await storage.read('info'))
  const [{ url: asked, headers } = { url: '', headers: {} }] = server.requests
  assert.is(asked, '/a%20b/volume/info?token=secret')
  assert.is(headers.authorization, `Basic ${Buffer.from('user:p@ss').toString('base64')}`)
  server.fail({ status: 403 })
  const error = await errorOf(() => storage.read('info'))
  assert.is(error.code, 'storage-denied')
  assert.not.match(`${error.what} ${error.fix} ${error.stack}`, /secret|p@ss|p%40ss/)
  assert.match(error.fix!, `chunkflow doctor ${server.url}/a%20b/volume`)
  assert.match((await storage.describeAccess!()).credential, 'user user')
})

test('redirections: followed, without authorization to other hosts, and not for ever', async () => {
  const files = memoryStorage()
  await files.write('moved/info', Buffer.from('here'))
  const target = await serve(webHandler(files))
  const server = await serve((request, response) => {
    const location = request.url!.startsWith('/circle') ? '/circle/info' : `${target.url}/moved/info`
    response.writeHead(302, { location }).end()
  })
  const withUser = server.url.replace('//', '//user:password@')
  const moved = await (await driver().open(withUser)).read('info')
  assert.is(Buffer.from(moved!.bytes).toString(), 'here')
  assert.is(target.requests[0]!.headers.authorization, undefined)
  server.requests.length = 0
  const circle = await driver().open(`${server.url}/circle`)
  const error = await errorOf(() => circle.read('info'))
  assert.is(error.code, 'storage-failed')
  assert.match(error.what, 'sent elsewhere 6 times')
  assert.is(server.requests.length, 6)
})

test('a server without ranges: the part is cut out, a huge object is not fetched for it', async () => {
  const small = Buffer.from('0123456789')
  const { url } = await serve((request, response) => {
    if (request.url === '/small') response.end(small)
    else response.writeHead(200, { 'content-length': 2 ** 40 }).write('x')
  })
  const storage = await driver().open(url)
  assert.is(Buffer.from((await storage.readRange('small', 2, 3))!).toString(), '234')
  assert.is(Buffer.from((await storage.readRange('small', -3, 2))!).toString(), '78')
  const error = await errorOf(() => storage.readRange('huge', 5, 10))
  assert.is(error.code, 'storage-unsupported')
  assert.match(error.what, '1099511627776 bytes')
})

test('a server that sends another range than asked for is not believed', async () => {
  const { url } = await serve((_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 0-3/10' }).end('0123')
  })
  const storage = await driver().open(url)
  assert.is((await errorOf(() => storage.readRange('x', 2, 4))).code, 'storage-failed')
})

test('a server that compresses on the fly: whole objects as they come, parts and sizes as stored', async () => {
  const text = Buffer.from('text '.repeat(100))
  const { url } = await serve((request, response) => {
    if (/gzip/.test(String(request.headers['accept-encoding']))) {
      response.setHeader('content-encoding', 'gzip')
      response.end(request.method === 'HEAD' ? undefined : gzipSync(text))
      return
    }
    response.setHeader('content-length', text.length)
    response.end(request.method === 'HEAD' ? undefined : text)
  })
  const storage = await driver().open(url)
  const object = await storage.read('text')
  assert.is(object?.contentEncoding, 'gzip')
  assert.equal(Buffer.from(object!.bytes), gzipSync(text))
  assert.is(await storage.size('text'), 500)
  assert.is(Buffer.from((await storage.readRange('text', 5, 4))!).toString(), 'text')
})

test('a host that is not there is one clear error', async () => {
  const storage: Storage = await driver().open('http://127.0.0.1:9/volume?sig=secret')
  const error = await errorOf(() => storage.read('info'))
  assert.is(error.code, 'storage-unavailable')
  assert.match(error.what, 'http://127.0.0.1:9/volume/info')
  assert.not.match(`${error.what}${error.stack}`, 'secret')
  assert.is((await errorOf(async () => driver().open('http://'))).code, 'storage-path-invalid')
})

test.run()
