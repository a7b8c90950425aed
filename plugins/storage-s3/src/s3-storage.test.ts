import type { HttpSettings } from '@chunkflow/sdk/storage'
import {
  driverWorkshop,
  errorOf,
  IMPATIENT,
  memoryStorage,
  storageConformance,
  storageFaultConformance,
  temporaryFolder,
} from '@chunkflow/sdk/testing'
import S3rver from 's3rver'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createS3Driver } from './s3-driver.js'
import { amazonEnvironment } from './testing/amazon-environment.js'
import { s3Handler } from './testing/s3-handler.js'

const test = suite('storage-s3')
const environment = amazonEnvironment()
const folder = temporaryFolder()
const { driver, serve, close } = driverWorkshop(createS3Driver)
test.after(async () => {
  await close()
  folder.remove()
  environment.restore()
})

const KEYS = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' }

const emulator = new S3rver({
  directory: folder.path,
  silent: true,
  configureBuckets: [{ name: 'emulated', configs: [] }],
})
await emulator.configureBuckets()
const emulated = await serve(emulator.getMiddleware())
// Amazon's client reads these files once
environment.writeHome(
  '.aws/credentials',
  '[local]\naws_access_key_id = S3RVER\naws_secret_access_key = S3RVER\n',
)
environment.writeHome(
  '.aws/config',
  `[profile local]\nregion = eu-north-1\nservices = here\n[services here]\ns3 =\n  endpoint_url = ${emulated.url}\n`,
)
/** It knows no ranges from the end, fails at second pages, and writes into the file that others read; the stub does not. */
const NOT_EMULATED = ['reads ranges', 'lists more keys', 'never shows half']
let opened = 0
for (const check of storageConformance(
  () => {
    environment.set({ ...KEYS, AWS_ENDPOINT_URL: emulated.url })
    return driver().open(`s3://emulated/place ${opened++}/volume`)
  },
  { without: ['conditions'] },
))
  if (!NOT_EMULATED.some((name) => check.name.startsWith(name))) test(`emulator: ${check.name}`, check.run)

async function openStub(settings: HttpSettings = {}) {
  const writer = memoryStorage()
  const server = await serve(s3Handler('bucket', writer))
  environment.set({ ...KEYS, AWS_ENDPOINT_URL_S3: server.url })
  return { writer, server, storage: await driver(settings).open('s3://bucket') }
}
for (const check of storageConformance(async () => (await openStub()).storage))
  test(`stub: ${check.name}`, check.run)
for (const check of storageFaultConformance(() => openStub(IMPATIENT), {
  ...IMPATIENT.policy,
  secrets: ['S3RVER'],
}))
  test(check.name, check.run)

test('conditions are headers, and so are what is kept beside an object and who pays', async () => {
  const { writer, server } = await openStub()
  environment.set({ ...KEYS, AWS_ENDPOINT_URL: server.url, AWS_REQUEST_PAYER: 'requester' })
  const storage = await driver().open('s3://bucket/layer')
  await storage.write('info', Buffer.from('{}'), {
    contentType: 'application/json',
    contentEncoding: 'identity',
    cacheControl: 'no-cache',
    ifAbsent: true,
  })
  assert.is(server.requests[0]!.headers['if-none-match'], '*')
  assert.equal(writer.headers.get('layer/info'), {
    contentType: 'application/json',
    contentEncoding: 'identity',
    cacheControl: 'no-cache',
  })
  const { version } = (await storage.read('info'))!
  await storage.write('info', Buffer.from('[]'), { ifVersion: version! })
  assert.is(server.requests.at(-1)!.headers['if-match'], version)
  await storage.size('info')
  await storage.readRange('info', 0, 1)
  for await (const key of storage.list('')) assert.is(key, 'info')
  await storage.delete('info')
  assert.equal(
    server.requests.map(({ headers }) => headers['x-amz-request-payer']),
    Array(7).fill('requester'),
  )
  assert.is((await storage.describeAccess!()).facts['requester pays'], 'yes (AWS_REQUEST_PAYER)')
})

test('signed with the region and the key that were found; not signed when there is none or it is unwanted', async () => {
  const { server } = await openStub()
  environment.set({ ...KEYS, AWS_ENDPOINT_URL: server.url, AWS_DEFAULT_REGION: 'eu-west-1' })
  await (await driver().open('s3://bucket')).read('info')
  assert.match(server.requests[0]!.headers.authorization!, /Credential=S3RVER\/\d+\/eu-west-1\/s3\//)
  environment.set({ AWS_ENDPOINT_URL: server.url })
  const anonymous = await driver().open('s3://bucket')
  await anonymous.read('info')
  assert.is(server.requests[1]!.headers.authorization, undefined)
  assert.match((await anonymous.describeAccess!()).credential, 'none (anonymous), no credential was found')
  environment.set({ ...KEYS, AWS_ENDPOINT_URL: server.url, AWS_NO_SIGN_REQUEST: 'YES' })
  const unwanted = await driver().open('s3://bucket')
  await unwanted.read('info')
  assert.is(server.requests[2]!.headers.authorization, undefined)
  assert.match((await unwanted.describeAccess!()).credential, 'AWS_NO_SIGN_REQUEST')
})

test('another server in the URL; the profile names one, too', async () => {
  const { server, writer } = await openStub()
  await writer.write('layer/info', Buffer.from('{}'))
  environment.set(KEYS)
  const named = await driver().open(`s3://${server.url}/bucket/layer`)
  assert.is(named.root, `s3://${server.url}/bucket/layer`)
  assert.ok(await named.read('info'))
  environment.set({ AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', AWS_PROFILE: 'local' })
  const profiled = await driver().open('s3://emulated/profile')
  await profiled.write('info', Buffer.from('{}'))
  const { credential, facts } = await profiled.describeAccess!()
  assert.is(credential, 'access key …RVER from profile "local" of ~/.aws')
  assert.equal([facts.endpoint, facts.region], [emulated.url, 'eu-north-1'])
  assert.is(emulated.requests.at(-1)!.url.split('?')[0], '/emulated/profile/info')
})

test('a bucket that does not exist is told from an object that does not', async () => {
  const { server } = await openStub()
  const storage = await driver().open(`s3://${server.url}/elsewhere`)
  for (const action of [() => storage.read('x'), () => storage.write('x', new Uint8Array(1))]) {
    const error = await errorOf(action)
    assert.is(error.code, 'storage-missing')
    assert.match(error.what, 'there is no such bucket')
  }
})

test('what the server says of a refusal is passed on, with where to look', async () => {
  const { url } = await serve((request, response) => {
    request.resume()
    response.writeHead(403, { 'content-type': 'application/xml' })
    response.end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>')
  })
  environment.set({ ...KEYS, AWS_ENDPOINT_URL: url })
  const storage = await driver().open('s3://bucket/layer')
  const error = await errorOf(() => storage.write('info', Buffer.from('{}')))
  assert.is(error.what, 'Cannot write s3://bucket/layer/info: Access Denied (status 403)')
  assert.match(error.fix!, 'chunkflow doctor s3://bucket/layer')
})

test('no more requests are sent at once than are allowed', async () => {
  let open = 0
  let most = 0
  const { url } = await serve((_, response) => {
    most = Math.max(most, ++open)
    setTimeout(() => {
      open--
      response.end('x')
    }, 5)
  })
  environment.set({ ...KEYS, AWS_ENDPOINT_URL: url })
  const storage = await driver({ connections: 3 }).open('s3://bucket')
  await Promise.all(Array.from({ length: 20 }, (_, index) => storage.read(String(index))))
  assert.is(most, 3)
})

test('URLs that name no bucket are refused', async () => {
  for (const url of ['s3://', 's3:///x', 's3://a', 's3://bucket/../other', 's3://bu cket/x', 's3://b?x'])
    assert.is((await errorOf(async () => driver().open(url))).code, 'storage-path-invalid', url)
})

test.run()
