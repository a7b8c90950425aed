import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { type ChunkflowError, isChunkflowError } from '@chunkflow/kernel/authoring'
import type { Storage } from '../../contracts/storage.js'
import type { Fault, FaultyServer } from '../faulty-server.js'
import {
  bytesOf,
  keysOf,
  type StorageAbility,
  type StorageConformanceCase,
  type StorageUnderTest,
  textOf,
} from './support.js'

/** A storage whose server fails when told to. */
export interface FaultyStorage extends StorageUnderTest {
  readonly server: FaultyServer
}

export interface StorageFaultSettings {
  readonly without?: readonly StorageAbility[]
  /** How often the storage tries, as it was opened. */
  readonly attempts: number
  /** Texts that no error may hold: keys, tokens, signatures. */
  readonly secrets?: readonly string[]
}

/** Failures that pass, in all the ways a read can meet them. */
const PASSING: readonly Fault[] = [
  { status: 408 },
  { status: 429, headers: { 'retry-after': '0' } },
  { status: 500 },
  { status: 502 },
  { status: 503 },
  { status: 504 },
  'reset',
  'silence',
  'stall',
  'truncate',
]

/**
 * What a storage behind a network promises when the network or the server fails. Open it with short pauses between tries,
 * at least three of them, and a time-out between half a second and a second.
 */
export function storageFaultConformance(
  open: () => Promise<FaultyStorage>,
  { without = [], attempts, secrets = [] }: StorageFaultSettings,
): readonly StorageConformanceCase[] {
  const failure = async (action: () => Promise<unknown>): Promise<ChunkflowError> => {
    const error = await action().then(
      () => assert.fail('it succeeded'),
      (reason: unknown) => reason,
    )
    assert.ok(isChunkflowError(error), inspect(error))
    const said = inspect(error, { depth: 10, showHidden: true })
    for (const secret of secrets) assert.ok(!said.includes(secret), `"${secret}" is told in: ${said}`)
    return error
  }
  const cases: Record<string, (tested: FaultyStorage) => Promise<void>> = {
    'reads again after failures that pass': async ({ storage, server }) => {
      for (const fault of PASSING) {
        server.requests.length = 0
        server.fail(fault)
        assert.equal(await textOf(storage, 'object'), BODY, inspect(fault))
        assert.equal(server.requests.length, 2, inspect(fault))
        server.fail(fault, fault)
        assert.equal(Buffer.from((await storage.readRange('object', 3, 40))!).toString(), BODY.slice(3, 43))
      }
      server.fail({ status: 503 }, 'reset')
      assert.equal(await storage.size('object'), BODY.length)
    },
    'sends one request after the other over one connection': async ({ storage, server }) => {
      for (let round = 0; round < 5; round++) {
        await storage.read('object')
        await storage.readRange('object', 1, 2)
        await storage.read('missing')
      }
      assert.equal(server.requests.length, 15)
      assert.equal(new Set(server.requests.map(({ connection }) => connection)).size, 1)
    },
    'waits for an answer that trickles': async ({ storage, server }) => {
      server.fail('slow')
      assert.equal(await textOf(storage, 'object'), BODY)
    },
    'gives up in the end, and says that it may be tried later': async ({ storage, server }) => {
      for (const fault of [{ status: 503 }, 'reset', 'truncate'] as const) {
        server.requests.length = 0
        server.fail(...Array<Fault>(attempts).fill(fault))
        const { code, retryable, what } = await failure(() => storage.read('object'))
        assert.deepEqual([code, retryable], ['storage-unavailable', true])
        assert.match(what, /object/)
        assert.equal(server.requests.length, attempts)
      }
    },
    'takes a refusal for an answer': async ({ storage, server }) => {
      for (const status of [401, 403, 400]) {
        server.requests.length = 0
        server.fail({ status })
        const error = await failure(() => storage.read('object'))
        assert.equal(error.code, status === 401 || status === 403 ? 'storage-denied' : 'storage-failed')
        assert.ok(!error.retryable && error.fix !== undefined)
        assert.equal(server.requests.length, 1)
      }
      server.requests.length = 0
      assert.equal(await storage.read('missing'), null)
      assert.equal(server.requests.length, 1)
    },
    'stops in the middle when the signal says so': async ({ storage, server }) => {
      for (const fault of ['silence', 'stall'] as const) {
        server.requests.length = 0
        server.fail(fault)
        const abort = new AbortController()
        const reading = storage.read('object', { signal: abort.signal })
        while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
        abort.abort(new Error('enough'))
        await assert.rejects(reading)
        assert.equal(server.requests.length, 1)
      }
      server.fail()
      assert.equal(await textOf(storage, 'object'), BODY)
    },
  }
  if (!without.includes('write'))
    cases['writes and deletes again after failures that pass'] = async ({ storage, server }) => {
      for (const fault of [{ status: 503 }, { status: 429 }, 'reset', 'silence', 'truncate'] as const) {
        server.fail(fault)
        await storage.write('written', bytesOf(inspect(fault)))
        assert.equal(await textOf(storage, 'written'), inspect(fault))
        server.fail(fault)
        await storage.delete('written')
        assert.equal(await storage.read('written'), null)
      }
      server.fail({ status: 403 })
      assert.equal((await failure(() => storage.write('written', bytesOf('x')))).code, 'storage-denied')
      assert.equal(await storage.read('written'), null)
    }
  if (!without.includes('write') && !without.includes('conditions'))
    cases['knows its own object when the answer to a conditional write was lost'] = async (tested) => {
      const { storage, server } = tested
      server.fail('truncate')
      await storage.write('claimed', bytesOf('mine'), { ifAbsent: true })
      assert.equal(await textOf(storage, 'claimed'), 'mine')
      server.fail('truncate')
      await assert.rejects(storage.write('claimed', bytesOf('yours'), { ifAbsent: true }))
      assert.equal(await textOf(storage, 'claimed'), 'mine')
    }
  if (!without.includes('list'))
    cases['lists again after failures that pass'] = async ({ storage, server }) => {
      server.fail({ status: 503 }, 'truncate')
      assert.deepEqual(await keysOf(storage, ''), ['object'])
      server.fail({ status: 403 })
      assert.equal((await failure(() => keysOf(storage, ''))).code, 'storage-denied')
    }
  return Object.entries(cases).map(([name, check]) => ({
    name,
    run: async () => {
      const tested = await open()
      try {
        await write(tested.writer)
        await check(tested)
      } finally {
        await tested.server.close()
      }
    },
  }))
}

const BODY = 'the body of an object that is long enough to be cut in pieces '.repeat(9)
const write = (writer: Storage): Promise<void> => writer.write('object', bytesOf(BODY))
