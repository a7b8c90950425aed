import assert from 'node:assert/strict'
import { bytesOf, type Case, ESCAPING_KEYS, hasConflict, keysOf, refuses, textOf } from './support.js'

/** What is written and deleted, alone and beside others. */
export const WRITING_CASES: readonly Case[] = [
  {
    name: 'replaces an object whole',
    check: async ({ storage, writer }) => {
      await writer.write('object', bytesOf('a long first version'))
      await writer.write('object', bytesOf('short'))
      assert.equal(await textOf(storage, 'object'), 'short')
    },
  },
  {
    name: 'never shows half an object to a reader beside a writer',
    check: async ({ storage, writer }) => {
      const versions = [1, 2].map((value) => new Uint8Array(300_000).fill(value))
      await writer.write('object', versions[0]!)
      let writing = true
      const write = async (): Promise<void> => {
        try {
          for (let round = 0; round < 10; round++) await writer.write('object', versions[round % 2]!)
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
  },
  {
    name: 'lets writers of one object race: one of them wins',
    needs: ['write'],
    check: async ({ storage }) => {
      await Promise.all(
        Array.from({ length: 8 }, (_, value) => storage.write('object', new Uint8Array(1000).fill(value))),
      )
      const { bytes } = (await storage.read('object'))!
      assert.ok(bytes.length === 1000 && bytes.every((value) => value === bytes[0]))
    },
  },
  {
    name: 'writes only what is not there yet, when asked to',
    needs: ['write', 'conditions'],
    check: async ({ storage }) => {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, value) =>
          hasConflict(() => storage.write('a/b', Uint8Array.of(value), { ifAbsent: true })),
        ),
      )
      assert.equal(outcomes.filter((lost) => !lost).length, 1)
      assert.equal((await storage.read('a/b'))!.bytes[0], outcomes.indexOf(false))
      assert.ok(await hasConflict(() => storage.write('a/b', bytesOf('later'), { ifAbsent: true })))
      await storage.delete('a/b')
      assert.equal(await hasConflict(() => storage.write('a/b', bytesOf('new'), { ifAbsent: true })), false)
      assert.equal(await textOf(storage, 'a/b'), 'new')
    },
  },
  {
    name: 'writes only over the version that was read, when asked to: no increment is lost',
    needs: ['write', 'conditions'],
    check: async ({ storage }) => {
      await storage.write('count', bytesOf('0'))
      const { version: ifVersion = '' } = (await storage.read('count'))!
      assert.notEqual(ifVersion, '')
      await storage.write('count', bytesOf('1'), { ifVersion })
      assert.ok(await hasConflict(() => storage.write('count', bytesOf('9'), { ifVersion })))
      assert.ok(await hasConflict(() => storage.write('none', bytesOf('9'), { ifVersion })))
      assert.equal(await storage.read('none'), null)
      const increment = async (): Promise<void> => {
        const { bytes, version } = (await storage.read('count'))!
        const next = bytesOf(String(Number(Buffer.from(bytes).toString()) + 1))
        if (await hasConflict(() => storage.write('count', next, { ifVersion: version! }))) await increment()
      }
      await Promise.all(Array.from({ length: 4 }, async () => [await increment(), await increment()]))
      assert.equal(await textOf(storage, 'count'), '9')
    },
  },
  {
    name: 'keeps its own copy of what was written, and gives copies out',
    check: async ({ storage, writer }) => {
      const bytes = bytesOf('original')
      await writer.write('object', bytes)
      bytes.fill(0)
      ;(await storage.read('object'))!.bytes.fill(0)
      assert.equal(await textOf(storage, 'object'), 'original')
    },
  },
  {
    name: 'takes views of shared memory and parts of buffers',
    needs: ['write'],
    check: async ({ storage }) => {
      const shared = new Uint8Array(new SharedArrayBuffer(16)).fill(65)
      await storage.write('shared', shared)
      await storage.write('part', Buffer.from('..inner..').subarray(2, 7))
      assert.equal(await textOf(storage, 'shared'), 'A'.repeat(16))
      assert.equal(await textOf(storage, 'part'), 'inner')
    },
  },
  {
    name: 'refuses to write and to delete, when it cannot',
    lacks: 'write',
    check: async ({ storage, writer }) => {
      await writer.write('object', bytesOf('x'))
      await refuses(() => storage.write('object', bytesOf('y')), 'storage-unsupported')
      await refuses(() => storage.delete('object'), 'storage-unsupported')
      assert.equal(await textOf(storage, 'object'), 'x')
    },
  },
  {
    name: 'deletes, and does not mind what is missing',
    needs: ['write'],
    check: async ({ storage }) => {
      await storage.write('folder/object', bytesOf('x'))
      for (const key of ['nothing', 'folder', 'folder/object/below', 'other/nothing'])
        await storage.delete(key)
      assert.equal(await textOf(storage, 'folder/object'), 'x')
      await storage.delete('folder/object')
      await storage.delete('folder/object')
      assert.equal(await storage.read('folder/object'), null)
    },
  },
  {
    name: 'refuses to write, delete or list outside the root',
    needs: ['write', 'list'],
    check: async ({ storage }) => {
      for (const key of ESCAPING_KEYS)
        for (const action of [() => storage.write(key, bytesOf('x')), () => storage.delete(key)])
          await refuses(action, 'storage-key-invalid', key)
      for (const prefix of ['../', '/etc', 'a//b', 'a/../b/c'])
        await refuses(() => keysOf(storage, prefix), 'storage-key-invalid', prefix)
      assert.deepEqual(await keysOf(storage, ''), [])
    },
  },
  {
    name: 'stops when the signal says so, whatever it does',
    check: async ({ storage, writer }) => {
      await writer.write('object', bytesOf('x'))
      const signal = AbortSignal.abort()
      await assert.rejects(storage.read('object', { signal }))
      await assert.rejects(storage.readRange('object', 0, 1, { signal }))
      await assert.rejects(storage.size('object', { signal }))
      await assert.rejects(storage.write('object', bytesOf('y'), { signal }))
      await assert.rejects(storage.delete('object', { signal }))
      await assert.rejects(keysOf(storage, '', signal))
      assert.equal(await textOf(storage, 'object'), 'x')
    },
  },
]
