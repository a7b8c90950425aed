import { isChunkflowError } from '@chunkflow/sdk'
import { faultyServer } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findCredential } from './credentials.js'
import { amazonEnvironment } from './testing/amazon-environment.js'

const test = suite('credentials of s3')
const environment = amazonEnvironment()
test.after(() => environment.restore())
// Amazon's client reads a file once: the profiles stand from the beginning, and tests choose among them
environment.writeHome(
  '.aws/credentials',
  '[work]\naws_access_key_id = AKIAPROFILEWORK\naws_secret_access_key = secret\n',
)
environment.writeHome(
  '.aws/config',
  '[profile broken]\nsso_session = nowhere\nsso_account_id = 1\nsso_role_name = x\n',
)

const secretFile = (key: string, more: Record<string, string> = {}): string =>
  JSON.stringify({ AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: 'hidden', ...more })
const describe = async (bucket = 'bucket'): Promise<string> =>
  (await findCredential(bucket, true)).description

test('nothing, then a file for all buckets, then one for this bucket, then the environment, then a profile', async () => {
  environment.set({})
  assert.is(await describe(), 'none (anonymous), no credential was found')
  const secrets = `${environment.home}/.cloudvolume/secrets`
  environment.writeHome('.cloudvolume/secrets/aws-secret.json', secretFile('KEYOFALL'))
  assert.is(await describe(), `access key …FALL from ${secrets}/aws-secret.json`)
  environment.writeHome(
    '.cloudvolume/secrets/bucket-aws-secret.json',
    secretFile('KEYOFONE', { AWS_SESSION_TOKEN: 'token', AWS_DEFAULT_REGION: 'eu-west-3' }),
  )
  assert.is(await describe(), `temporary access key …FONE from ${secrets}/bucket-aws-secret.json`)
  assert.is((await findCredential('bucket', true)).region, 'eu-west-3')
  assert.is(await describe('other'), `access key …FALL from ${secrets}/aws-secret.json`)
  environment.set({ AWS_ACCESS_KEY_ID: 'AKIAENVIRONMENT', AWS_SECRET_ACCESS_KEY: 'secret' })
  assert.is(await describe(), 'access key …MENT from the environment (AWS_ACCESS_KEY_ID)')
  environment.set({
    AWS_ACCESS_KEY_ID: 'AKIAENVIRONMENT',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_PROFILE: 'work',
  })
  assert.is(await describe(), 'access key …WORK from profile "work" of ~/.aws')
  assert.is((await (await findCredential('bucket', true)).provider!()).secretAccessKey, 'secret')
})

test('the role of a container comes before files, the role of the machine after them, and only where it belongs', async () => {
  const answer = { AccessKeyId: 'ASIACONTAINER', SecretAccessKey: 's', Token: 't' }
  const expiry = { Code: 'Success', Expiration: new Date(Date.now() + 3_600_000).toISOString() }
  const server = await faultyServer((request, response) => {
    if (request.url === '/latest/api/token') response.end('metadata-token')
    else if (request.url?.endsWith('/security-credentials/')) response.end('role')
    else response.end(JSON.stringify({ ...answer, ...expiry }))
  })
  try {
    environment.set({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/role` })
    assert.is(await describe(), 'temporary access key …INER from the role of this container')
    const machine = {
      AWS_EC2_METADATA_DISABLED: 'false',
      AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url,
    }
    environment.set(machine)
    assert.match(await describe(), 'bucket-aws-secret.json')
    environment.set({ ...machine, HOME: '/nonexistent' })
    assert.is(
      await describe(),
      'temporary access key …INER from the role of this machine (instance metadata)',
    )
    assert.match((await findCredential('bucket', false)).description, 'anonymous')
  } finally {
    await server.close()
  }
})

test('a credential that is there and wrong is an error that does not tell it', async () => {
  const refusal = async (bucket: string): Promise<string> => {
    try {
      return (await findCredential(bucket, true)).description
    } catch (error) {
      assert.ok(isChunkflowError(error), String(error))
      assert.is(error.code, 'storage-credential-invalid')
      return error.what
    }
  }
  environment.set({})
  for (const [content, reason] of [
    ['{"AWS_SECRET_ACCESS_KEY":"hidden", oops', 'does not hold a JSON object'],
    ['["hidden"]', 'does not hold a JSON object'],
    ['{"AWS_SECRET_ACCESS_KEY":"hidden"}', 'lacks AWS_ACCESS_KEY_ID'],
  ] as const) {
    environment.writeHome('.cloudvolume/secrets/wrong-aws-secret.json', content)
    const said = await refusal('wrong')
    assert.match(said, 'wrong-aws-secret.json')
    assert.match(said, reason)
    assert.not.match(said, 'hidden')
  }
  environment.set({ AWS_PROFILE: 'broken' })
  assert.match(await refusal('bucket'), 'profile "broken"')
})

test.run()
