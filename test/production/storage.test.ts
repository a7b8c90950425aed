/** Volumes in buckets and on web servers, as whole command lines against emulators on the loopback address. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type FaultyServer, faultyServer, memoryStorage, sendObject } from '@chunkflow/sdk/testing'
import S3rver from 's3rver'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { gcsHandler } from '../../plugins/storage-gcs/src/testing/gcs-handler.js'
import { chunkflow, readHdf5, succeeds, workFolder } from '../pipelines/chunkflow.js'

const test = suite('storage')
const folder = workFolder()
const { cwd, file } = folder
const servers: FaultyServer[] = []
test.after(async () => {
  for (const server of servers) await server.close()
  folder.remove()
})
const serve = async (handler: Parameters<typeof faultyServer>[0]): Promise<FaultyServer> => {
  const server = await faultyServer(handler)
  servers.push(server)
  return server
}

const emulator = new S3rver({
  directory: file('s3'),
  silent: true,
  configureBuckets: [{ name: 'bucket', configs: [] }],
})
await emulator.configureBuckets()
const s3 = await serve(emulator.getMiddleware())
const google = memoryStorage()
const gcs = await serve(gcsHandler('bucket', google))
/** Reads what the bucket of Google holds, as a public bucket shows itself; asks for a signature. */
const web = await serve((request, response) => {
  const { pathname, searchParams } = new URL(request.url!, 'http://host')
  const key = decodeURIComponent(pathname.slice(1))
  const bytes = google.objects.get(key)
  if (searchParams.get('sig') !== 'c2VjcmV0') response.writeHead(403).end()
  else if (bytes === undefined) response.writeHead(404).end()
  else sendObject(request, response, bytes, google.headers.get(key)?.contentEncoding)
})

/** No credential of the machine that runs the tests is looked at. */
const clean = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => /^(AWS|GOOGLE|GS|GCE|CLOUDSDK|CPL|STORAGE)_/.test(name))
    .map((name) => [name, undefined]),
)
mkdirSync(file('home'))
const env: NodeJS.ProcessEnv = {
  ...clean,
  HOME: file('home'),
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ENDPOINT_URL: s3.url,
  AWS_ACCESS_KEY_ID: 'S3RVER',
  AWS_SECRET_ACCESS_KEY: 'S3RVER',
  STORAGE_EMULATOR_HOST: gcs.url,
}
const where = { cwd, env }

async function valuesOf(name: string): Promise<{ shape: readonly number[]; values: number[] }> {
  const opened = await readHdf5(file(name))
  const { shape, values } = opened.dataset('main')
  opened.close()
  return { shape, values: Array.from(values, Number) }
}

test('T6 and T7 through s3:// and gs://, and what was written is read over https, too', async () => {
  await succeeds(
    'create-chunk --size 28 120 100 --dtype uint8 --pattern random --voxel-size 40 4 4 save-h5 -f raw.h5',
    where,
  )
  const raw = await valuesOf('raw.h5')
  const expected: number[] = []
  for (let z = 0; z < 32; z++)
    for (let y = 0; y < 112; y++)
      for (let x = 0; x < 96; x++) expected.push(z < 28 ? raw.values[(z * 120 + y) * 100 + x]! : 0)
  const places = {
    's3://bucket/your/key path': 's3://bucket/your/key path/|precomputed:',
    'gs://bucket/your/key path': 'precomputed://gs://bucket/your/key path',
  }
  for (const [written, read] of Object.entries(places)) {
    const saved = await succeeds(`load-h5 -f raw.h5 save-precomputed --volume-path "${written}"`, where)
    assert.not.match(saved.stderr, /warning|Warning|node >=/)
    await succeeds(
      `load-precomputed --volume-path "${read}" --start 0 0 0 --stop 32 112 96 save-h5 -f cutout.h5`,
      where,
    )
    const cutout = await valuesOf('cutout.h5')
    assert.equal(cutout.shape, [32, 112, 96])
    assert.equal(cutout.values, expected, written)
  }
  assert.equal([...google.objects.keys()].filter((key) => key.includes('4_4_40')).sort(), [
    'your/key path/4_4_40/0-64_0-64_0-28',
    'your/key path/4_4_40/0-64_64-120_0-28',
    'your/key path/4_4_40/64-100_0-64_0-28',
    'your/key path/4_4_40/64-100_64-120_0-28',
  ])
  assert.is(google.headers.get('your/key path/4_4_40/0-64_0-64_0-28')?.contentEncoding, 'gzip')
  await succeeds(
    `load-precomputed -v "${web.url}/your/key%20path?sig=c2VjcmV0" --start 0 0 0 --stop 32 112 96 save-h5 -f web.h5`,
    where,
  )
  assert.equal((await valuesOf('web.h5')).values, expected)
})

test('a server that fails now and then changes nothing', async () => {
  for (const [server, place] of [
    [s3, 's3://bucket/faults'],
    [gcs, 'gs://bucket/faults'],
  ] as const) {
    server.fail({ status: 503 }, 'reset', 'truncate', { status: 429 })
    await succeeds(`load-h5 -f raw.h5 save-precomputed --volume-path ${place}`, where)
    server.fail('truncate', { status: 500 }, 'reset')
    await succeeds(`load-precomputed -v ${place} save-h5 -f back.h5`, where)
    assert.equal((await valuesOf('back.h5')).values, (await valuesOf('raw.h5')).values)
  }
})

test('a dry run sends nothing that changes a bucket', async () => {
  for (const [server, place] of [
    [s3, 's3://bucket/dry'],
    [gcs, 'gs://bucket/dry'],
  ] as const) {
    server.requests.length = 0
    await succeeds(`--dry-run create-chunk save-precomputed --volume-path ${place}`, where)
    assert.equal(
      server.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD'),
      [],
    )
  }
})

test('failures are one clear message, without signatures', async () => {
  const address = `${web.url}/nowhere?sig=c2VjcmV0`
  for (const [line, texts] of [
    [`load-precomputed -v ${address}`, ['There is no volume', `${web.url}/nowhere`]],
    [`load-precomputed -v ${web.url}/x?sig=wrong-c2VjcmV0`, ['status 403', `chunkflow doctor ${web.url}/x`]],
    [`create-chunk save-precomputed -v ${address}`, ['read only']],
    ['load-precomputed -v s3://elsewhere/x', ['no such bucket']],
    ['load-precomputed -v gs://elsewhere/x', ['no such bucket']],
    ['load-precomputed -v s3://no_', ['names no bucket']],
  ] as const) {
    const { code, stderr } = await chunkflow(line, where)
    assert.is(code, 1, `${line}: ${stderr}`)
    for (const text of texts) assert.ok(stderr.includes(text), `"${text}" is not in: ${stderr}`)
    assert.match(stderr, /^ {2}fix {2}\S/m)
    assert.not.match(stderr, /c2VjcmV0|S3RVER|^\s+at .*:\d+:\d+/m)
  }
})

test('doctor says which credential is used and what it may do, and writes only when asked to', async () => {
  gcs.requests.length = 0
  const google = await succeeds('doctor gs://bucket/your/key', where)
  assert.match(google.stdout, /^ok {4}gs:\/\/bucket\/your\/key$/m)
  assert.match(google.stdout, 'credential: none (anonymous), STORAGE_EMULATOR_HOST is set')
  assert.match(google.stdout, 'list: allowed, nothing is there')
  assert.match(google.stdout, 'read: allowed as far as can be told, there is no info')
  assert.match(google.stdout, 'write: not tried')
  assert.ok(gcs.requests.every(({ method }) => method === 'GET'))

  const amazon = await succeeds('doctor s3://bucket/your --write', where)
  assert.match(amazon.stdout, 'credential: access key …RVER from the environment (AWS_ACCESS_KEY_ID)')
  assert.match(amazon.stdout, `endpoint: ${s3.url}`)
  assert.match(amazon.stdout, /read: allowed, key path\/\S+ can be read/)
  assert.match(amazon.stdout, 'write: allowed, and deleting as well')
  assert.not.match(amazon.stdout, 'S3RVER')
  assert.not.match(JSON.stringify(readdirSync(file('s3'), { recursive: true })), 'chunkflow-doctor')

  const page = await succeeds(`doctor ${web.url}/your/key%20path?sig=c2VjcmV0`, where)
  assert.match(page.stdout, 'credential: the query of the address')
  assert.match(page.stdout, /^ok {4}list: Web servers are read only/m)
  assert.match(page.stdout, 'read: allowed, info can be read')
  assert.not.match(page.stdout, 'c2VjcmV0')

  const secret = { AWS_ACCESS_KEY_ID: 'KEYOFFILE', AWS_SECRET_ACCESS_KEY: 'hidden' }
  mkdirSync(file('home/.cloudvolume/secrets'), { recursive: true })
  writeFileSync(file('home/.cloudvolume/secrets/bucket-aws-secret.json'), JSON.stringify(secret))
  const denied = await chunkflow('doctor s3://bucket/your --write', {
    cwd,
    env: { ...env, AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
  })
  assert.is(denied.code, 1)
  assert.match(
    denied.stdout,
    `access key …FILE from ${file('home')}/.cloudvolume/secrets/bucket-aws-secret.json`,
  )
  assert.match(denied.stdout, /^warn {2}list: Cannot list .*status 403/m)
  assert.match(denied.stdout, /^fail {2}read: Cannot read .*status 403/m)
  assert.match(denied.stdout, /^fail {2}write: Cannot write .*status 403/m)
  assert.not.match(denied.stdout + denied.stderr, 'hidden')

  const here = await succeeds(`doctor ${cwd}/new --write`, where)
  assert.match(here.stdout, 'write: allowed, and deleting as well')
  assert.is((await chunkflow('doctor ftp://host/x', where)).code, 1)
})

test('the libraries of clouds are loaded only where their schemes are used', async () => {
  const loadedBy = async (line: string, name: string): Promise<string> => {
    await succeeds(line, { cwd, env: { ...env, NODE_V8_COVERAGE: file(name) } })
    return readdirSync(file(name))
      .map((report) => readFileSync(path.join(file(name), report), 'utf8'))
      .join('\n')
  }
  const local = await loadedBy('create-chunk --size 4 8 8 save-precomputed -v local', 'local-coverage')
  assert.match(local, 'storage-file')
  assert.not.match(local, /@aws-sdk|@smithy|google-auth-library|storage-(s3|gcs|http)\/dist/)
  const bucket = await loadedBy('load-precomputed -v gs://bucket/faults', 'bucket-coverage')
  assert.match(bucket, 'google-auth-library')
  assert.not.match(bucket, /@aws-sdk|@smithy|storage-(s3|http)\/dist/)
})

test.run()
