import { generateKeyPairSync } from 'node:crypto'
import path from 'node:path'
import type { HttpSettings } from '@chunkflow/sdk/storage'
import {
  cleanEnvironment,
  driverWorkshop,
  errorOf,
  IMPATIENT,
  memoryStorage,
  storageConformance,
  storageFaultConformance,
  temporaryFolder,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createGcsDriver } from './gcs-driver.js'
import { gcsHandler } from './testing/gcs-handler.js'

const test = suite('storage-gcs')
const environment = cleanEnvironment(/^(GOOGLE|GS|GCE|CLOUDSDK|CPL|STORAGE)_/)
const { driver, serve, close } = driverWorkshop(createGcsDriver)
test.after(async () => {
  await close()
  environment.restore()
})
const writeHome = (name: string, content: unknown): string =>
  environment.writeHome(name, typeof content === 'string' ? content : JSON.stringify(content))
const describe = async (url = 'gs://bucket'): Promise<string> =>
  (await (await driver().open(url)).describeAccess!()).credential

async function open(settings: HttpSettings = {}, url = 'gs://bucket') {
  const writer = memoryStorage()
  const server = await serve(gcsHandler('bucket', writer))
  environment.set({ STORAGE_EMULATOR_HOST: server.url.replace('http://', '') })
  return { writer, server, storage: await driver(settings).open(url) }
}
for (const check of storageConformance(async () => (await open({}, 'gs://bucket/a layer/100%')).storage))
  test(check.name, check.run)
for (const check of storageFaultConformance(() => open(IMPATIENT), IMPATIENT.policy))
  test(check.name, check.run)

test('conditions and headers go with the request; the project that pays, too', async () => {
  const { server, writer } = await open()
  environment.set({ CPL_GS_ENDPOINT: server.url, GS_USER_PROJECT: 'my-project' })
  const storage = await driver().open('gs://bucket/layer')
  await storage.write('info', Buffer.from('{}'), {
    contentType: 'application/json',
    cacheControl: 'no-cache',
    ifAbsent: true,
  })
  assert.match(server.requests[0]!.url, 'ifGenerationMatch=0')
  const { contentType, cacheControl } = writer.headers.get('layer/info')!
  assert.equal([contentType, cacheControl], ['application/json', 'no-cache'])
  const { version } = (await storage.read('info'))!
  await storage.write('info', Buffer.from('[]'), { ifVersion: version! })
  assert.match(server.requests.at(-1)!.url, `ifGenerationMatch=${version}`)
  await storage.size('info')
  await storage.readRange('info', 0, 1)
  for await (const key of storage.list('')) assert.is(key, 'info')
  await storage.delete('info')
  assert.equal(
    server.requests.map(({ headers }) => [headers['x-goog-user-project'], headers.authorization]),
    Array(7).fill(['my-project', undefined]),
  )
  assert.match((await storage.describeAccess!()).facts['requester pays']!, 'my-project')
})

/** A key as Google makes them; its account does not exist. */
const serviceAccount = (email: string) => ({
  type: 'service_account',
  client_email: email,
  private_key: generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
})

test('which credential is used: asked for by name, of gcloud, of the bucket, of all buckets, none', async () => {
  environment.set()
  assert.is(await describe(), 'none (anonymous), no credential was found')
  const all = writeHome('.cloudvolume/secrets/google-secret.json', serviceAccount('all@x'))
  assert.is(await describe(), `service account all@x from ${all}`)
  const one = writeHome('.cloudvolume/secrets/bucket-google-secret.json', serviceAccount('one@x'))
  assert.is(await describe(), `service account one@x from ${one}`)
  assert.is(await describe('gs://other/x'), `service account all@x from ${all}`)
  const gcloud = writeHome('.config/gcloud/application_default_credentials.json', {
    type: 'authorized_user',
    client_id: 'id',
    client_secret: 'hidden',
    refresh_token: 'hidden',
  })
  assert.is(await describe(), `user credential from ${gcloud}`)
  const named = writeHome('named.json', serviceAccount('named@x'))
  environment.set({ GOOGLE_APPLICATION_CREDENTIALS: named })
  assert.is(await describe(), `service account named@x from ${named}`)
  environment.set({ GOOGLE_APPLICATION_CREDENTIALS: named, GS_NO_SIGN_REQUEST: 'YES' })
  assert.is(await describe(), 'none (anonymous), GS_NO_SIGN_REQUEST is set')
  environment.set({ GOOGLE_APPLICATION_CREDENTIALS: path.join(environment.home, 'none.json') })
  assert.is((await errorOf(describe)).code, 'storage-credential-invalid')
})

test('the account of the machine comes last', async () => {
  const empty = temporaryFolder()
  const metadata = await serve((request, response) => {
    response.writeHead(200, { 'metadata-flavor': 'Google', 'content-type': 'application/json' })
    response.end(request.url!.includes('/token') ? '{"access_token":"of-machine","expires_in":3600}' : '"x"')
  })
  const { server } = await open()
  const { host } = new URL(metadata.url)
  environment.set({ CPL_GS_ENDPOINT: server.url, GCE_METADATA_HOST: host, HOME: empty.path })
  const storage = await driver().open('gs://bucket')
  assert.match((await storage.describeAccess!()).credential, 'service account of this machine')
  await storage.read('info')
  assert.is(server.requests[0]!.headers.authorization, 'Bearer of-machine')
  empty.remove()
})

test('tokens are fetched once, go with every request and appear in no message', async () => {
  const tokens = await serve((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        access_token: 'hushed-token',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 3600,
      }),
    )
  })
  const { server } = await open()
  const subject = writeHome('subject.txt', 'hushed-subject')
  const file = writeHome('federated.json', {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${tokens.url}/token`,
    credential_source: { file: subject },
  })
  environment.set({ CPL_GS_ENDPOINT: server.url, GOOGLE_APPLICATION_CREDENTIALS: file })
  const storage = await driver().open('gs://bucket')
  await storage.write('info', Buffer.from('{}'))
  await storage.read('info')
  assert.equal(
    server.requests.map(({ headers }) => headers.authorization),
    ['Bearer hushed-token', 'Bearer hushed-token'],
  )
  assert.is(tokens.requests.length, 1)
  server.fail({ status: 403 })
  const denied = await errorOf(() => storage.read('info'))
  assert.is(denied.code, 'storage-denied')
  assert.not.match(JSON.stringify(denied, Object.getOwnPropertyNames(denied)), 'hushed')
  const impatiently = driver({
    idleTimeoutMs: 300,
    policy: { attempts: 2, firstDelayMs: 1, longestDelayMs: 1 },
  })
  tokens.fail('silence', 'silence')
  const silent = await errorOf(async () => (await impatiently.open('gs://bucket')).read('info'))
  assert.equal([silent.code, silent.retryable], ['storage-unavailable', true])
  tokens.fail({ status: 400 }, { status: 400 })
  const refused = await errorOf(async () => (await driver().open('gs://bucket')).read('info'))
  assert.is(refused.code, 'storage-credential-invalid')
  assert.match(refused.what, file)
  assert.not.match(JSON.stringify(refused, Object.getOwnPropertyNames(refused)), 'hushed')
})

test('wrong files are named, and not told', async () => {
  for (const content of ['{ "private_key": "hidden"', '[]', { type: 'service', private_key: 'hidden' }]) {
    const file = writeHome('wrong.json', content)
    environment.set({ GOOGLE_APPLICATION_CREDENTIALS: file })
    const error = await errorOf(describe)
    assert.is(error.code, 'storage-credential-invalid')
    assert.match(error.what, file)
    assert.not.match(error.what, 'hidden')
  }
})

test('a bucket that does not exist is told from an object that does not', async () => {
  await open()
  const storage = await driver().open('gs://elsewhere/x')
  for (const action of [
    () => storage.read('x'),
    () => storage.readRange('x', 0, 1),
    () => storage.write('x', new Uint8Array(1), { ifAbsent: true }),
    () => storage.delete('x'),
  ])
    assert.is((await errorOf(action)).code, 'storage-missing')
})

test('what Google says of a refusal is passed on, with where to look', async () => {
  const { url } = await serve((request, response) => {
    request.resume()
    const message = 'Anonymous caller does not have storage.objects.create access.'
    response
      .writeHead(401, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { message } }))
  })
  environment.set({ STORAGE_EMULATOR_HOST: url })
  const storage = await driver().open('gs://bucket/layer')
  const error = await errorOf(() => storage.write('info', Buffer.from('{}')))
  assert.is(
    error.what,
    'Cannot write gs://bucket/layer/info: Anonymous caller does not have storage.objects.create access (status 401)',
  )
  assert.match(error.fix!, 'chunkflow doctor gs://bucket/layer')
})

test('URLs that name no bucket are refused', async () => {
  for (const url of ['gs://', 'gs:///x', 'gs://a', 'gs://bucket/../other', 'gs://bu cket/x'])
    assert.is((await errorOf(async () => driver().open(url))).code, 'storage-path-invalid', url)
})

test.run()
