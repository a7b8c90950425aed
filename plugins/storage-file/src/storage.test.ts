import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isChunkflowError, type Storage } from '@chunkflow/sdk'
import { serviceFamily, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openFileStorage } from './file-storage.js'
import { memoryDriver } from './memory-storage.js'
import { normalizeUrl } from './paths.js'
import { createStore } from './store.js'

const test = suite('storage')
const folder = temporaryFolder()
test.after(() => folder.remove())

const text = (bytes: Uint8Array | null | undefined): string | null =>
  bytes == null ? null : Buffer.from(bytes).toString()
const collect = async (keys: AsyncIterable<string>): Promise<string[]> => {
  const list: string[] = []
  for await (const key of keys) list.push(key)
  return list.sort()
}
const fails = async (action: () => Promise<unknown>, code: string): Promise<void> => {
  try {
    await action()
  } catch (error) {
    assert.is(isChunkflowError(error) ? error.code : String(error), code)
    return
  }
  assert.unreachable(`expected ${code}`)
}

const storages: Record<string, () => Storage | Promise<Storage>> = {
  file: () => openFileStorage(`file://${folder.path}/a b%c/volume`),
  mem: () => memoryDriver().open('mem://volume'),
}
for (const [name, open] of Object.entries(storages)) {
  test(`${name}: reads what was written, whole, by range and by list`, async () => {
    const storage = await open()
    assert.is(await storage.read('info'), null)
    assert.is(await storage.size('info'), null)
    assert.is(await storage.readRange('info', 0, 4), null)
    await storage.write('info', Buffer.from('{"type":1}'))
    await storage.write('8_8_40/0-64_0-64_0-64.gz', Buffer.from('block'))
    await storage.write('8_8_40/64-128_0-64_0-64.gz', Buffer.from(''))
    assert.is(text((await storage.read('info'))?.bytes), '{"type":1}')
    assert.is(text(await storage.readRange('info', 2, 4)), 'type')
    assert.is(text(await storage.readRange('info', -4, 3)), '":1')
    assert.is(text(await storage.readRange('info', 8, 100)), '1}')
    assert.is(await storage.size('8_8_40/64-128_0-64_0-64.gz'), 0)
    assert.equal(await collect(storage.list('')), [
      '8_8_40/0-64_0-64_0-64.gz',
      '8_8_40/64-128_0-64_0-64.gz',
      'info',
    ])
    assert.equal(await collect(storage.list('8_8_40/6')), ['8_8_40/64-128_0-64_0-64.gz'])
    await storage.write('info', Buffer.from('x'))
    assert.is(text((await storage.read('info'))?.bytes), 'x')
    await storage.delete('info')
    await storage.delete('info')
    assert.is(await storage.read('info'), null)
  })

  test(`${name}: keys never leave the root`, async () => {
    const storage = await open()
    for (const key of ['', '..', '../x', 'a/../../x', '/etc/passwd', 'a//b', 'a\0b', './a']) {
      await fails(() => storage.write(key, new Uint8Array(1)), 'storage-key-invalid')
      await fails(() => storage.read(key), 'storage-key-invalid')
    }
  })
}

test('file: does not write through a link to the outside', async () => {
  const root = path.join(folder.path, 'linked')
  mkdirSync(root)
  symlinkSync(folder.path, path.join(root, 'out'))
  await fails(() => openFileStorage(root).write('out/x', new Uint8Array(1)), 'storage-key-invalid')
})

test('file: a failed write leaves nothing, unfinished writes are not listed', async () => {
  const root = path.join(folder.path, 'half')
  mkdirSync(path.join(root, 'taken'), { recursive: true })
  const storage = openFileStorage(root)
  writeFileSync(path.join(root, 'file'), '')
  await fails(() => storage.write('file/below', new Uint8Array(1)), 'file-unwritable')
  await fails(() => storage.write('taken', new Uint8Array(1)), 'file-unwritable')
  assert.equal(readdirSync(root).sort(), ['file', 'taken'])
  writeFileSync(path.join(root, '.block.12-abc.chunkflow-tmp'), 'half')
  assert.equal(await collect(storage.list('')), ['file'])
})

test('normalises every spelling of a place', () => {
  const cwd = process.cwd()
  assert.is(normalizeUrl('file://my/out/'), `file://${cwd}/my/out`)
  assert.is(normalizeUrl('precomputed://file:///data/a b'), 'file:///data/a%20b')
  assert.is(normalizeUrl('precomputed://gs://bucket/layer/'), 'gs://bucket/layer')
  assert.is(normalizeUrl('s3://bucket/layer|precomputed:'), 's3://bucket/layer')
  assert.is(normalizeUrl('/data//x/../y'), 'file:///data/y')
  assert.is(normalizeUrl('./y'), `file://${cwd}/y`)
})

test('names the schemes there are', async () => {
  const store = createStore(serviceFamily({ file: { open: openFileStorage }, mem: memoryDriver() }))
  assert.match((await store.open('mem://x')).root, 'mem://x')
  await fails(() => store.open('ftp://host/x'), 'storage-path-invalid')
})

test.run()
