import { isChunkflowError } from '@chunkflow/kernel/authoring'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { faultyServer } from '../testing/faulty-server.js'
import { storageConformance } from '../testing/storage-conformance/index.js'
import { memoryStorage } from '../testing/test-storage.js'
import { anonymousPath } from './buckets.js'
import { createHttpClient } from './http-client.js'
import { inTime } from './in-time.js'
import { bucketKeys, checkKey, encodeKey } from './keys.js'
import { limitConcurrency } from './limit.js'
import { cutRange, rangeHeader } from './ranges.js'
import { isTransient, retry } from './retry.js'
import { withoutSecrets } from './secrets.js'

const test = suite('storage kit')

for (const check of storageConformance(() => memoryStorage())) test(`memory: ${check.name}`, check.run)

/** Runs `retry` on an action that always fails so; gives the pauses it made. */
async function pausesOf(error: unknown, random: number): Promise<number[]> {
  const pauses: number[] = []
  await retry(
    async () => {
      throw error
    },
    { random: () => random, pause: async (milliseconds) => void pauses.push(milliseconds) },
  ).catch(() => {})
  return pauses
}

test('pauses double up to a limit and are jittered between nothing and all of it', async () => {
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
  assert.equal(await pausesOf(reset, 1), [250, 500, 1000, 2000, 4000, 8000, 15000])
  assert.equal(await pausesOf(reset, 0.5), [125, 250, 500, 1000, 2000, 4000, 7500])
  assert.equal(await pausesOf(reset, 0), [0, 0, 0, 0, 0, 0, 0])
  const asked = { status: 503, retryAfterMs: 3000 }
  assert.equal(await pausesOf(asked, 0.5), [3000, 3000, 3000, 3000, 3000, 4000, 7500])
  assert.is((await pausesOf({ status: 429, retryAfterMs: 86_400_000 }, 0))[0], 60_000)
})

test('only what may pass is tried again', () => {
  for (const status of [408, 429, 500, 502, 503, 504]) assert.ok(isTransient({ status }), String(status))
  for (const status of [400, 401, 403, 404, 409, 412, 416, 501, 505])
    assert.not.ok(isTransient({ status }), String(status))
  for (const code of ['ECONNRESET', 'ETIMEDOUT', 'EPIPE']) assert.ok(isTransient({ code }), code)
  for (const code of ['ENOTFOUND', 'ECONNREFUSED', 'CERT_HAS_EXPIRED']) assert.not.ok(isTransient({ code }))
  assert.ok(isTransient({ $metadata: { httpStatusCode: 503 } }))
  assert.not.ok(isTransient(undefined))
  assert.not.ok(isTransient('503'))
})

test('a signal ends the tries', async () => {
  const abort = new AbortController()
  let tries = 0
  const trying = retry(
    async () => {
      if (++tries === 2) abort.abort(new Error('enough'))
      throw Object.assign(new Error('busy'), { status: 503 })
    },
    { signal: abort.signal, pause: async () => {} },
  )
  await trying.then(assert.unreachable, () => {})
  assert.is(tries, 2)
})

test('no more actions run at once than are allowed, also after failures', async () => {
  const limit = limitConcurrency(3)
  let running = 0
  let most = 0
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      limit(async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        if (index % 4 === 0) throw new Error('failed')
        return index
      }),
    ),
  )
  assert.is(most, 3)
  assert.is(running, 0)
  assert.is(outcomes.filter(({ status }) => status === 'rejected').length, 5)
})

test('keys survive as paths of URLs and never leave their folder', () => {
  const { nameOf, keyOf, beginningOf } = bucketKeys('a/b')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (key) => {
      try {
        checkKey(key)
      } catch (error) {
        return isChunkflowError(error) && error.code === 'storage-key-invalid'
      }
      const { pathname, search, hash } = new URL(`https://host/a/b/${encodeKey(key)}`)
      return (
        decodeURIComponent(pathname) === `/${nameOf(key)}` &&
        search + hash === '' &&
        keyOf(nameOf(key)) === key
      )
    }),
  )
  assert.is(beginningOf('4_4'), 'a/b/4_4')
  for (const name of ['a/b/', 'a/b/x/', 'a/b/x//y', 'a/bc', 'other', 'a/b/../c'])
    assert.is(keyOf(name), undefined, name)
  assert.is(bucketKeys('').nameOf('info'), 'info')
})

test('ranges are cut as any slice of the object would be', () => {
  const bytes = Uint8Array.from({ length: 20 }, (_, index) => index)
  fc.assert(
    fc.property(fc.integer({ min: -30, max: 19 }), fc.integer({ min: 1, max: 40 }), (start, length) => {
      const first = start < 0 ? Math.max(0, 20 + start) : start
      const wanted = bytes.slice(first, first + length)
      const place = 'x'
      const [, from = '', to = ''] = /^bytes=(-?\d+)(?:-(\d+))?$/.exec(rangeHeader(start, length)) ?? []
      const served = Number(from) < 0 ? bytes.slice(Number(from)) : bytes.slice(Number(from), Number(to) + 1)
      const header = `bytes ${first}-${first + served.length - 1}/20`
      for (const cut of [
        cutRange(served, header, { start, length, place }),
        cutRange(bytes, undefined, { start, length, place }),
      ])
        assert.equal([...cut], [...wanted])
    }),
  )
})

test('secrets of URLs', () => {
  assert.is(withoutSecrets('https://user:p@host/x/y?X-Amz-Signature=abc#z'), 'https://host/x/y')
  assert.is(withoutSecrets('s3://bucket/a@b'), 's3://bucket/a@b')
})

test('requests wait for a free connection, and a time-out counts from then on', async () => {
  let open = 0
  let most = 0
  const server = await faultyServer((_, response) => {
    most = Math.max(most, ++open)
    setTimeout(() => {
      open--
      response.end('x')
    }, 5)
  })
  const client = createHttpClient({ connections: 2 })
  const place = { action: 'read', place: 'x', root: 'x' }
  const warnings: Error[] = []
  const listen = (warning: Error): void => void warnings.push(warning)
  process.on('warning', listen)
  const { signal } = new AbortController()
  const url = new URL(server.url)
  await Promise.all(Array.from({ length: 30 }, () => client.send({ ...place, method: 'GET', url, signal })))
  assert.is(most, 2)
  most = 0
  const many = createHttpClient()
  await Promise.all(Array.from({ length: 30 }, () => many.send({ ...place, method: 'GET', url, signal })))
  assert.ok(most > 2)
  many.dispose()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  client.dispose()
  await server.close()
  assert.equal(warnings, [], 'a signal may have many listeners')
})

test('what takes too long is given up, and so is what is not wanted any more', async () => {
  const never = new Promise<string>(() => {})
  const failure = (signal: AbortSignal | undefined, milliseconds: number): Promise<unknown> =>
    inTime(never, { milliseconds, signal }).then(assert.unreachable, (error: unknown) => error)
  assert.ok(isTransient(await failure(undefined, 5)))
  const reason = new Error('enough')
  assert.is(await failure(AbortSignal.abort(reason), 60_000), reason)
  const abort = new AbortController()
  const failing = failure(abort.signal, 60_000)
  abort.abort(reason)
  assert.is(await failing, reason)
  assert.is(await inTime('at once', { milliseconds: 60_000 }), 'at once')
})

test('public buckets have a web address that needs no credential', () => {
  for (const [path, address] of Object.entries({
    'gs://bucket/seg': 'https://storage.googleapis.com/bucket/seg',
    's3://bucket/seg': 'https://s3.amazonaws.com/bucket/seg',
    'precomputed://gs://bucket/a/b|precomputed:': 'https://storage.googleapis.com/bucket/a/b|precomputed:',
    's3://https://host:9000/bucket/seg': 'https://host:9000/bucket/seg',
    'precomputed://s3://http://host/bucket/seg': 'http://host/bucket/seg',
    's3+https://host/bucket/seg': 'https://host/bucket/seg',
    'https://host/seg': 'https://host/seg',
    'precomputed://https://host/seg': 'precomputed://https://host/seg',
    'file:///data/gs://bucket': 'file:///data/gs://bucket',
    'data/s3': 'data/s3',
  }))
    assert.is(anonymousPath(path), address, path)
})

test.run()
