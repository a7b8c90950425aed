import assert from 'node:assert/strict'
import { isChunkflowError, type Storage } from '@chunkflow/sdk'

/** One thing every storage driver must do. `run` throws when it does not. */
export interface ConformanceCase {
  readonly name: string
  run(): Promise<void>
}

/** Keys that could lead outside, or are no names. */
const ESCAPING_KEYS = [
  '',
  '.',
  '..',
  '../x',
  'a/../../x',
  '/etc/passwd',
  '/',
  'a//b',
  'a/',
  'a\0b',
  './a',
  'a/..',
]
/** Names that URL encoding, shells or file systems treat specially. */
const STRANGE_KEYS = [
  'a b/c d',
  '100%',
  '%41/%zz',
  'ä/漢字/🧠',
  'q?x=1&y#z',
  '-5-59_0-64_-64-0',
  '.hidden',
  'a.b:c+d,e;f=g@h',
]

/**
 * What a storage promises (see the contract STORAGE), as cases for any test runner.
 * @param open a storage with nothing in it, a new one at every call
 */
export function storageConformance(open: () => Promise<Storage> | Storage): readonly ConformanceCase[] {
  return Object.entries(CASES).map(([name, check]) => ({ name, run: async () => check(await open()) }))
}

const CASES: Readonly<Record<string, (storage: Storage) => Promise<void>>> = {
  'reads what was written': async (storage) => {
    await storage.write('info', bytesOf('{"type":1}'))
    await storage.write('8_8_40/0-64_0-64_0-64', bytesOf('block'))
    assert.equal(await textOf(storage, 'info'), '{"type":1}')
    assert.equal(await textOf(storage, '8_8_40/0-64_0-64_0-64'), 'block')
  },

  'answers null for what is missing, also for a folder': async (storage) => {
    await storage.write('folder/object', bytesOf('x'))
    for (const key of ['nothing', 'folder', 'folder/object/below', 'other/nothing']) {
      assert.equal(await storage.read(key), null, key)
      assert.equal(await storage.readRange(key, 0, 4), null, key)
      assert.equal(await storage.size(key), null, key)
    }
  },

  'reads ranges, from either end, as far as there are bytes': async (storage) => {
    await storage.write('object', bytesOf('0123456789'))
    const range = async (start: number, length: number): Promise<string> =>
      Buffer.from((await storage.readRange('object', start, length))!).toString()
    assert.equal(await range(0, 10), '0123456789')
    assert.equal(await range(2, 4), '2345')
    assert.equal(await range(8, 100), '89')
    assert.equal(await range(-4, 3), '678')
    assert.equal(await range(-4, 100), '6789')
    assert.equal(await range(-100, 2), '01')
  },

  'knows sizes, also of an empty object': async (storage) => {
    await storage.write('empty', new Uint8Array(0))
    await storage.write('three', bytesOf('abc'))
    assert.equal(await storage.size('empty'), 0)
    assert.equal((await storage.read('empty'))?.bytes.length, 0)
    assert.equal(await storage.size('three'), 3)
  },

  'replaces an object whole': async (storage) => {
    await storage.write('object', bytesOf('a long first version'))
    await storage.write('object', bytesOf('short'))
    assert.equal(await textOf(storage, 'object'), 'short')
  },

  'never shows half an object to a reader beside a writer': async (storage) => {
    const versions = [1, 2].map((value) => new Uint8Array(300_000).fill(value))
    await storage.write('object', versions[0]!)
    let writing = true
    const write = async (): Promise<void> => {
      try {
        for (let round = 0; round < 10; round++) await storage.write('object', versions[round % 2]!)
      } finally {
        writing = false
      }
    }
    const read = async (): Promise<void> => {
      while (writing) {
        const bytes = (await storage.read('object'))!.bytes
        assert.equal(bytes.length, 300_000)
        assert.equal(bytes[0], bytes.at(-1))
      }
    }
    await Promise.all([write(), read()])
  },

  'lets writers of one object race: one of them wins': async (storage) => {
    await Promise.all(
      Array.from({ length: 8 }, (_, value) => storage.write('object', new Uint8Array(1000).fill(value))),
    )
    const { bytes } = (await storage.read('object'))!
    assert.ok(bytes.length === 1000 && bytes.every((value) => value === bytes[0]))
    assert.deepEqual(await keysOf(storage, ''), ['object'])
  },

  'keeps its own copy of what was written, and gives copies out': async (storage) => {
    const bytes = bytesOf('original')
    await storage.write('object', bytes)
    bytes.fill(0)
    ;(await storage.read('object'))!.bytes.fill(0)
    assert.equal(await textOf(storage, 'object'), 'original')
  },

  'takes views of shared memory and parts of buffers': async (storage) => {
    const shared = new Uint8Array(new SharedArrayBuffer(16)).fill(65)
    await storage.write('shared', shared)
    await storage.write('part', Buffer.from('..inner..').subarray(2, 7))
    assert.equal(await textOf(storage, 'shared'), 'A'.repeat(16))
    assert.equal(await textOf(storage, 'part'), 'inner')
  },

  'lists by prefix, through folders': async (storage) => {
    for (const key of ['a/b/1', 'a/b/2', 'a/b2', 'ab', 'b/a']) await storage.write(key, bytesOf('x'))
    assert.deepEqual(await keysOf(storage, ''), ['a/b/1', 'a/b/2', 'a/b2', 'ab', 'b/a'])
    assert.deepEqual(await keysOf(storage, 'a'), ['a/b/1', 'a/b/2', 'a/b2', 'ab'])
    assert.deepEqual(await keysOf(storage, 'a/'), ['a/b/1', 'a/b/2', 'a/b2'])
    assert.deepEqual(await keysOf(storage, 'a/b'), ['a/b/1', 'a/b/2', 'a/b2'])
    assert.deepEqual(await keysOf(storage, 'a/b/'), ['a/b/1', 'a/b/2'])
    assert.deepEqual(await keysOf(storage, 'a/b/2'), ['a/b/2'])
    assert.deepEqual(await keysOf(storage, 'c/d'), [])
  },

  'deletes, and does not mind what is missing': async (storage) => {
    await storage.write('folder/object', bytesOf('x'))
    for (const key of ['nothing', 'folder', 'folder/object/below', 'other/nothing']) await storage.delete(key)
    assert.equal(await textOf(storage, 'folder/object'), 'x')
    await storage.delete('folder/object')
    await storage.delete('folder/object')
    assert.equal(await storage.read('folder/object'), null)
    assert.deepEqual(await keysOf(storage, ''), [])
  },

  'takes names as they are': async (storage) => {
    for (const key of STRANGE_KEYS) await storage.write(key, bytesOf(key))
    for (const key of STRANGE_KEYS) assert.equal(await textOf(storage, key), key)
    assert.deepEqual(await keysOf(storage, ''), [...STRANGE_KEYS].sort())
  },

  'refuses keys that could leave the root': async (storage) => {
    for (const key of ESCAPING_KEYS)
      for (const action of [
        () => storage.read(key),
        () => storage.readRange(key, 0, 1),
        () => storage.size(key),
        () => storage.write(key, bytesOf('x')),
        () => storage.delete(key),
      ])
        await refuses(action, key)
    for (const prefix of ['../', '/etc', 'a//b', 'a/../b/c'])
      await refuses(() => keysOf(storage, prefix), prefix)
    assert.deepEqual(await keysOf(storage, ''), [])
  },

  'stops when the signal says so': async (storage) => {
    await storage.write('object', bytesOf('x'))
    const signal = AbortSignal.abort()
    await assert.rejects(storage.read('object', { signal }))
    await assert.rejects(storage.readRange('object', 0, 1, { signal }))
  },
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

const textOf = async (storage: Storage, key: string): Promise<string | null> => {
  const object = await storage.read(key)
  return object === null ? null : Buffer.from(object.bytes).toString()
}

async function keysOf(storage: Storage, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of storage.list(prefix)) keys.push(key)
  return keys.sort()
}

async function refuses(action: () => Promise<unknown>, key: string): Promise<void> {
  await assert.rejects(
    async () => action(),
    (error: unknown) => isChunkflowError(error) && error.code === 'storage-key-invalid',
    `"${key}" was not refused`,
  )
}
