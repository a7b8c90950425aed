import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { bytesOf, type Case, ESCAPING_KEYS, keysOf, refuses, textOf } from './support.js'

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

/** What is read, listed and refused. */
export const READING_CASES: readonly Case[] = [
  {
    name: 'reads what was written',
    check: async ({ storage, writer }) => {
      await writer.write('info', bytesOf('{"type":1}'))
      await writer.write('8_8_40/0-64_0-64_0-64', bytesOf('block'))
      assert.equal(await textOf(storage, 'info'), '{"type":1}')
      assert.equal(await textOf(storage, '8_8_40/0-64_0-64_0-64'), 'block')
    },
  },
  {
    name: 'answers null for what is missing, also for a folder',
    check: async ({ storage, writer }) => {
      await writer.write('folder/object', bytesOf('x'))
      for (const key of ['nothing', 'folder', 'folder/object/below', 'other/nothing']) {
        assert.equal(await storage.read(key), null, key)
        for (const [start, length] of [
          [0, 4],
          [-4, 4],
          [3, 0],
        ] as const)
          assert.equal(await storage.readRange(key, start, length), null, key)
        assert.equal(await storage.size(key), null, key)
      }
    },
  },
  {
    name: 'reads ranges, from either end, as far as there are bytes',
    check: async ({ storage, writer }) => {
      await writer.write('object', bytesOf('0123456789'))
      await writer.write('empty', new Uint8Array(0))
      const range = async (start: number, length: number, key = 'object'): Promise<string> =>
        Buffer.from((await storage.readRange(key, start, length))!).toString()
      assert.equal(await range(0, 10), '0123456789')
      assert.equal(await range(2, 4), '2345')
      assert.equal(await range(8, 100), '89')
      assert.equal(await range(-4, 3), '678')
      assert.equal(await range(-4, 100), '6789')
      assert.equal(await range(-100, 2), '01')
      assert.equal(await range(3, 0), '')
      assert.equal(await range(-3, 0), '')
      assert.equal(await range(10, 5), '')
      assert.equal(await range(500, 5), '')
      assert.equal(await range(0, 5, 'empty'), '')
      assert.equal(await range(-5, 5, 'empty'), '')
    },
  },
  {
    name: 'knows sizes, also of an empty object',
    check: async ({ storage, writer }) => {
      await writer.write('empty', new Uint8Array(0))
      await writer.write('three', bytesOf('abc'))
      assert.equal(await storage.size('empty'), 0)
      assert.equal((await storage.read('empty'))?.bytes.length, 0)
      assert.equal(await storage.size('three'), 3)
    },
  },
  {
    name: 'gives every byte value back, in objects of megabytes, many at once',
    check: async ({ storage, writer }) => {
      const bytes = Uint8Array.from({ length: 3_000_001 }, (_, index) => (index * 7 + (index >> 8)) & 255)
      await writer.write('large', bytes)
      assert.ok(Buffer.from((await storage.read('large'))!.bytes).equals(bytes))
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const part = await storage.readRange('large', index * 1000, 500)
          assert.ok(Buffer.from(part!).equals(bytes.subarray(index * 1000, index * 1000 + 500)))
        }),
      )
    },
  },
  {
    name: 'keeps content encodings, and the bytes under them',
    needs: ['encodings'],
    check: async ({ storage, writer }) => {
      const packed = new Uint8Array(gzipSync('text '.repeat(1000)))
      await writer.write('packed', packed, { contentEncoding: 'gzip', contentType: 'text/plain' })
      await writer.write('brotli', bytesOf('not looked at'), { contentEncoding: 'br' })
      await writer.write('plain', packed, { contentType: 'application/gzip', cacheControl: 'no-cache' })
      const object = await storage.read('packed')
      assert.equal(object?.contentEncoding, 'gzip')
      assert.ok(Buffer.from(object.bytes).equals(packed))
      assert.equal(await storage.size('packed'), packed.length)
      assert.ok(
        Buffer.from((await storage.readRange('packed', 3, 20))!).equals(Buffer.from(packed).subarray(3, 23)),
      )
      assert.equal((await storage.read('brotli'))?.contentEncoding, 'br')
      assert.equal(await textOf(storage, 'brotli'), 'not looked at')
      assert.ok(Buffer.from((await storage.read('plain'))!.bytes).equals(packed))
      assert.equal((await storage.read('plain'))!.contentEncoding, undefined)
    },
  },
  {
    name: 'lists by prefix, through folders',
    needs: ['list'],
    check: async ({ storage, writer }) => {
      assert.deepEqual(await keysOf(storage, ''), [])
      for (const key of ['a/b/1', 'a/b/2', 'a/b2', 'ab', 'b/a']) await writer.write(key, bytesOf('x'))
      assert.deepEqual(await keysOf(storage, ''), ['a/b/1', 'a/b/2', 'a/b2', 'ab', 'b/a'])
      assert.deepEqual(await keysOf(storage, 'a'), ['a/b/1', 'a/b/2', 'a/b2', 'ab'])
      assert.deepEqual(await keysOf(storage, 'a/'), ['a/b/1', 'a/b/2', 'a/b2'])
      assert.deepEqual(await keysOf(storage, 'a/b'), ['a/b/1', 'a/b/2', 'a/b2'])
      assert.deepEqual(await keysOf(storage, 'a/b/'), ['a/b/1', 'a/b/2'])
      assert.deepEqual(await keysOf(storage, 'a/b/2'), ['a/b/2'])
      assert.deepEqual(await keysOf(storage, 'c/d'), [])
    },
  },
  {
    name: 'lists more keys than a page of any cloud holds, each once',
    needs: ['list'],
    check: async ({ storage, writer }) => {
      const keys = Array.from({ length: 1003 }, (_, index) => `block/${index % 10}/${index}`)
      const pending = [...keys]
      const write = async (): Promise<void> => {
        for (let key = pending.pop(); key !== undefined; key = pending.pop())
          await writer.write(key, new Uint8Array(1))
      }
      await Promise.all(Array.from({ length: 16 }, write))
      assert.deepEqual(await keysOf(storage, ''), keys.sort())
    },
  },
  {
    name: 'refuses to list, when it cannot',
    lacks: 'list',
    check: async ({ storage }) => refuses(() => keysOf(storage, ''), 'storage-unsupported'),
  },
  {
    name: 'takes names as they are',
    check: async ({ storage, writer }) => {
      for (const key of STRANGE_KEYS) await writer.write(key, bytesOf(key))
      for (const key of STRANGE_KEYS) assert.equal(await textOf(storage, key), key)
      assert.deepEqual(await keysOf(writer, ''), [...STRANGE_KEYS].sort())
    },
  },
  {
    name: 'refuses keys that could leave the root',
    check: async ({ storage }) => {
      for (const key of ESCAPING_KEYS)
        for (const action of [
          () => storage.read(key),
          () => storage.readRange(key, 0, 1),
          () => storage.size(key),
        ])
          await refuses(action, 'storage-key-invalid', key)
    },
  },
  {
    name: 'says how it is reached, if it says so at all',
    check: async ({ storage }) => {
      const description = await storage.describeAccess?.()
      if (description !== undefined) assert.match(description.credential, /\w/)
    },
  },
]
