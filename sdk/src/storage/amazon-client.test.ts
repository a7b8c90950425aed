import { mkdirSync, writeFileSync } from 'node:fs'
import { isChunkflowError } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../testing/test-files.js'
import { amazonClientSettings } from './amazon-client.js'

const test = suite('settings of Amazon clients')
const home = temporaryFolder()
const secrets = `${home.path}/.cloudvolume/secrets`
const { HOME } = process.env
test.before(() => {
  process.env.HOME = home.path
})
test.after(() => {
  if (HOME === undefined) delete process.env.HOME
  else process.env.HOME = HOME
  home.remove()
})

const nothing = {
  region: () => Promise.reject(new Error('Region is missing')),
  credentials: () => Promise.reject(new Error('no credentials')),
}
const found = {
  region: async () => 'eu-west-1',
  credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }),
}
const messageOf = (action: Promise<unknown>): Promise<unknown> =>
  action.catch((error: Error) => error.message)

test('the chain of the SDK comes first; without anything its error is told', async () => {
  const settings = amazonClientSettings('SQS', {}, found)
  assert.is(await settings.region(), 'eu-west-1')
  assert.equal(await settings.credentials(), { accessKeyId: 'a', secretAccessKey: 'b' })
  assert.not.ok('endpoint' in settings)
  const bare = amazonClientSettings('SQS', {}, nothing)
  assert.is(await messageOf(bare.region()), 'Region is missing')
  assert.is(await messageOf(bare.credentials()), 'no credentials')
})

test('endpoint and region of the environment; an emulator needs no region', async () => {
  const environment = { AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_SQS: 'http://queues' }
  assert.is(amazonClientSettings('SQS', environment, nothing).endpoint, 'http://queues')
  assert.is(amazonClientSettings('CLOUDWATCH', environment, nothing).endpoint, 'http://all')
  assert.is(await amazonClientSettings('SQS', environment, nothing).region(), 'us-east-1')
  assert.is(await amazonClientSettings('SQS', { AWS_DEFAULT_REGION: 'x' }, found).region(), 'x')
  const both = { AWS_DEFAULT_REGION: 'x', AWS_REGION: 'eu-west-1' }
  assert.is(await amazonClientSettings('SQS', both, found).region(), 'eu-west-1')
})

test("CloudVolume's keys are found, and never shown", async () => {
  const settings = amazonClientSettings('SQS', {}, nothing)
  mkdirSync(secrets, { recursive: true })
  const file = `${secrets}/aws-secret.json`
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'hush' }
  writeFileSync(file, JSON.stringify({ ...keys, AWS_DEFAULT_REGION: 'us-west-2' }))
  assert.is(await settings.region(), 'us-west-2')
  assert.equal(await settings.credentials(), { accessKeyId: 'id', secretAccessKey: 'hush' })
  writeFileSync(file, JSON.stringify({ ...keys, AWS_SESSION_TOKEN: 'token' }))
  assert.is((await settings.credentials()).sessionToken, 'token')
  writeFileSync(file, '{"AWS_SECRET_ACCESS_KEY": "hush"')
  try {
    await settings.credentials()
    assert.unreachable()
  } catch (error) {
    assert.ok(isChunkflowError(error))
    assert.is(error.code, 'storage-credential-invalid')
    assert.not.match(error.what, 'hush')
  }
})

test.run()
