import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { errorOf, storageConformance, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openFileStorage } from './file-storage.js'
import { createFiles } from './local-files.js'
import { memoryDriver } from './memory-storage.js'

const test = suite('storage')
const folder = temporaryFolder()
test.after(() => folder.remove())
const at = (...names: string[]): string => path.join(folder.path, ...names)

const collect = async (keys: AsyncIterable<string>): Promise<string[]> => {
  const list: string[] = []
  for await (const key of keys) list.push(key)
  return list.sort()
}

let opened = 0
const openEmptyFolder = () => openFileStorage(at(`a b%c-${opened++}`, 'volume'))
for (const check of storageConformance(openEmptyFolder, { without: ['encodings'] }))
  test(`file: ${check.name}`, check.run)
for (const check of storageConformance(() => memoryDriver().open('mem://volume')))
  test(`mem: ${check.name}`, check.run)

test('mem: one flat list, as in a bucket, with encodings', async () => {
  const driver = memoryDriver()
  const outer = await driver.open('mem://bucket')
  await outer.write('layer/info', new Uint8Array([1]), { contentEncoding: 'gzip' })
  const inner = await driver.open('mem://bucket/layer')
  assert.is((await inner.read('info'))?.contentEncoding, 'gzip')
  assert.equal(await collect(inner.list('')), ['info'])
  assert.equal(await collect((await driver.open('mem://buck')).list('')), [])
})

test('file: does not write or delete through a link to the outside, at any depth', async () => {
  mkdirSync(at('outside', 'deep'), { recursive: true })
  writeFileSync(at('outside', 'precious'), 'x')
  mkdirSync(at('linked'))
  symlinkSync(at('outside'), at('linked', 'out'))
  symlinkSync(at('nowhere'), at('linked', 'dangling'))
  symlinkSync(at('outside', 'precious'), at('linked', 'object'))
  const storage = openFileStorage(at('linked'))
  for (const key of ['out/x', 'out/deep/x', 'out/new/folder/x', 'dangling/x']) {
    assert.is((await errorOf(() => storage.write(key, new Uint8Array(1)))).code, 'storage-key-invalid')
    assert.is((await errorOf(() => storage.delete(key))).code, 'storage-key-invalid')
  }
  await storage.write('object', new Uint8Array([121]))
  assert.is(readFileSync(at('outside', 'precious'), 'utf8'), 'x')
  assert.equal(readdirSync(at('outside')), ['deep', 'precious'])
  assert.is((await storage.read('out/precious'))?.bytes[0], 'x'.charCodeAt(0))
})

test('file: links inside the root, and a root that is a link, are written through', async () => {
  mkdirSync(at('real', 'inner'), { recursive: true })
  symlinkSync(at('real'), at('root-link'))
  symlinkSync(at('real', 'inner'), at('real', 'alias'))
  await openFileStorage(at('root-link')).write('alias/new/x', new Uint8Array(1))
  assert.equal(readdirSync(at('real', 'inner', 'new')), ['x'])
})

test('file: lists through linked folders once, circles included, and skips broken links', async () => {
  mkdirSync(at('circle', 'scale'), { recursive: true })
  writeFileSync(at('circle', 'scale', 'block'), '')
  symlinkSync(at('circle'), at('circle', 'scale', 'up'))
  symlinkSync(at('nowhere'), at('circle', 'broken'))
  assert.equal(await collect(openFileStorage(at('circle')).list('')), ['scale/block', 'scale/up/scale/block'])
})

test('file: a failed write leaves nothing, unfinished writes are not listed', async () => {
  mkdirSync(at('half', 'taken'), { recursive: true })
  const storage = openFileStorage(at('half'))
  writeFileSync(at('half', 'file'), '')
  assert.match((await errorOf(() => storage.write('file/below', new Uint8Array(1)))).what, 'is a file')
  assert.match((await errorOf(() => storage.write('taken', new Uint8Array(1)))).what, 'folder')
  assert.match((await errorOf(() => storage.write('n'.repeat(300), new Uint8Array(1)))).what, 'too long')
  assert.equal(readdirSync(at('half')).sort(), ['file', 'taken'])
  writeFileSync(at('half', '.block.12-abc.chunkflow-tmp'), 'half')
  assert.equal(await collect(storage.list('')), ['file'])
})

test('file: the longest names have room for a temporary one', async () => {
  const name = '漢'.repeat(85)
  await openFileStorage(at('long')).write(name, new Uint8Array(1))
  assert.equal(readdirSync(at('long')), [name])
})

test('file: a disk that is full leaves the old object and no temporary file', async () => {
  const files = createFiles()
  const target = at('full', 'object')
  await files.write(target, Buffer.from('old'))
  const error = await errorOf(() =>
    files.writeAtomic(target, () => writeFileSync('/dev/full', 'x'.repeat(9))),
  )
  assert.is(error.code, 'file-unwritable')
  assert.match(error.what, 'no space left')
  assert.ok(error.retryable)
  assert.equal(readdirSync(at('full')), ['object'])
  assert.is(readFileSync(target, 'utf8'), 'old')
})

test('file: a lock that a killed writer left behind is broken, one that is held is waited for', async () => {
  const storage = openFileStorage(at('locked'))
  await storage.write('info', Buffer.from('a'))
  const lock = at('locked', '.info.lock.chunkflow-tmp')
  writeFileSync(lock, '')
  utimesSync(lock, 0, 0)
  const { version } = (await storage.read('info'))!
  await storage.write('info', Buffer.from('b'), { ifVersion: version! })
  assert.equal(readdirSync(at('locked')), ['info'])
  const again = (await storage.read('info'))!
  assert.is(Buffer.from(again.bytes).toString(), 'b')
  writeFileSync(lock, '')
  let written = false
  const writing = storage
    .write('info', Buffer.from('c'), { ifVersion: again.version! })
    .then(() => (written = true))
  await storage.write('other', Buffer.from('x'))
  assert.not.ok(written)
  rmSync(lock)
  await writing
  assert.is(readFileSync(at('locked', 'info'), 'utf8'), 'c')
})

test('file: processes that count together lose no increment', () => {
  mkdirSync(at('counted'))
  writeFileSync(at('counted', 'count'), '0')
  const lines = `
    const storage = openFileStorage(folder + '/counted')
    for (let done = 0; done < 15; ) {
      const { bytes, version } = await storage.read('count')
      const next = Buffer.from(String(Number(Buffer.from(bytes).toString()) + 1))
      await storage.write('count', next, { ifVersion: version }).then(
        () => done++,
        (error) => { if (error.code !== 'storage-conflict') throw error },
      )
    }`
  elsewhere(lines, {
    shell: 'for i in 1 2; do "$0" --conditions=source --import tsx --input-type=module -e "$1" & done;',
  })
  const started = Date.now()
  while (readFileSync(at('counted', 'count'), 'utf8') !== '45' && Date.now() - started < 30_000)
    execFileSync('sleep', ['0.1'])
  assert.is(readFileSync(at('counted', 'count'), 'utf8'), '45')
  assert.equal(readdirSync(at('counted')), ['count'])
})

test('file: names of unfinished files are refused', async () => {
  const storage = openFileStorage(at('unfinished'))
  assert.is(
    (await errorOf(() => storage.write('a/.x.chunkflow-tmp', new Uint8Array(1)))).code,
    'storage-key-invalid',
  )
})

/** Runs lines with `files`, `storage` and `folder` in a process of its own and prints what they throw. */
function elsewhere(lines: string, { shell = '', uid }: { shell?: string; uid?: number } = {}): string {
  const here = (name: string): string => pathToFileURL(path.join(import.meta.dirname, name)).href
  const script = `
    const { createFiles } = await import('${here('local-files.ts')}')
    const { openFileStorage } = await import('${here('file-storage.ts')}')
    const folder = ${JSON.stringify(folder.path)}
    const files = createFiles()
    try { ${lines} } catch (error) { console.log(error.code, '|', error.what, '|', error.fix) }`
  const command = `${shell} exec "$0" --conditions=source --import tsx --input-type=module -e "$1"`
  return execFileSync('/bin/bash', ['-c', command, process.execPath, script], {
    encoding: 'utf8',
    cwd: path.resolve(import.meta.dirname, '../../..'),
    env: { ...process.env, NODE_OPTIONS: '--no-warnings' },
    ...(uid === undefined ? {} : { uid }),
  })
}

test('file: the size limit of the shell', () => {
  mkdirSync(at('limited'))
  const said = elsewhere("await openFileStorage(folder + '/limited').write('x', new Uint8Array(3e6))", {
    shell: 'ulimit -f 1000;',
  })
  assert.match(said, 'file-unwritable')
  assert.match(said, 'ulimit')
  assert.equal(readdirSync(at('limited')), [])
})

test('file: a folder that belongs to somebody else', () => {
  if (process.getuid?.() !== 0) {
    console.log('skipped: needs root')
    return
  }
  mkdirSync(at('owned'), { mode: 0o755 })
  writeFileSync(at('owned', 'secret'), 'x', { mode: 0o600 })
  execFileSync('chmod', ['755', folder.path])
  const uid = 65534
  const written = elsewhere("await files.write(folder + '/owned/x', new Uint8Array(1))", { uid })
  assert.match(written, 'file-unwritable')
  assert.match(written, 'permission denied')
  assert.match(elsewhere("await files.read(folder + '/owned/secret')", { uid }), 'file-unreadable')
  assert.equal(readdirSync(at('owned')), ['secret'])
})

test('files: makes folders, replaces what a link points to, spares devices', async () => {
  const files = createFiles()
  await files.write(at('files', 'new', 'x'), Buffer.from('1'))
  symlinkSync(at('files', 'new', 'x'), at('files', 'link'))
  await files.write(at('files', 'link'), Buffer.from('22'))
  assert.is(readFileSync(at('files', 'new', 'x'), 'utf8'), '22')
  assert.equal(await files.status(at('files', 'link')), { kind: 'file', bytes: 2 })
  assert.equal(await files.status(at('files')), {
    kind: 'directory',
    bytes: (await files.status(at('files')))!.bytes,
  })
  assert.is(await files.status(at('files', 'x', 'y')), null)
  assert.equal(await files.list(at('files')), ['link', 'new'])
  assert.match((await errorOf(() => files.write('/dev/null', new Uint8Array(1)))).what, 'device')
  assert.is((await errorOf(() => files.read(at('files', 'none')))).code, 'file-unreadable')
  assert.is((await errorOf(() => files.list(at('files', 'none')))).code, 'file-unreadable')
  await files.touch(at('files', 'marks', 'done'))
  await files.touch(at('files', 'marks', 'done'))
  assert.is((await files.status(at('files', 'marks', 'done')))?.bytes, 0)
  await files.remove(at('files', 'marks', 'done'))
  await files.remove(at('files', 'marks', 'done'))
  assert.equal(await files.list(at('files', 'marks')), [])
})

test('files: a failure inside the producer passes through, and nothing remains', async () => {
  const files = createFiles()
  try {
    await files.writeAtomic(at('failed', 'x'), (temporary) => {
      assert.is(path.dirname(temporary), at('failed'))
      assert.match(path.basename(temporary), /^\.x\.\d+-[0-9a-f]{12}\.chunkflow-tmp$/)
      writeFileSync(temporary, 'half')
      throw new TypeError('format')
    })
    assert.unreachable()
  } catch (error) {
    assert.instance(error, TypeError)
  }
  assert.equal(readdirSync(at('failed')), [])
})

test('files: reads beyond 2 GiB, and what does not know its size', async () => {
  const files = createFiles()
  assert.match(Buffer.from(await files.read('/proc/self/status')).toString(), 'Pid:')
  writeFileSync(at('sparse'), '')
  truncateSync(at('sparse'), 2 ** 31 + 3)
  const bytes = await openFileStorage(folder.path).readRange('sparse', -2, 10)
  assert.equal([...bytes!], [0, 0])
})

test.run()
