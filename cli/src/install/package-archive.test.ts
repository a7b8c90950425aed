import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isChunkflowError } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readPackageArchive } from './package-archive.js'

const test = suite('package archive')
const folder = mkdtempSync(path.join(tmpdir(), 'chunkflow-archive-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

test('reads the top of a tarball that another program made, whatever lies deeper', async () => {
  const deep = path.join(folder, 'package', 'a'.repeat(80), 'b'.repeat(80))
  mkdirSync(deep, { recursive: true })
  writeFileSync(path.join(deep, 'package.json'), '{"name":"not this one"}')
  writeFileSync(path.join(folder, 'package/package.json'), `{"name":"ü","padding":"${'x'.repeat(1500)}"}`)
  writeFileSync(path.join(folder, 'package/empty'), '')
  for (const format of ['ustar', 'pax', 'gnu']) {
    const file = path.join(folder, `${format}.tgz`)
    execFileSync('tar', [`--format=${format}`, '-czf', file, '-C', folder, 'package'])
    const bytes = readFileSync(file)
    const archive = await readPackageArchive(bytes, file)
    assert.is(JSON.parse(archive.text('package.json')!).name, 'ü', format)
    assert.is(archive.text('empty'), '')
    assert.is(archive.text('missing'), undefined)
    assert.is(archive.integrity, `sha512-${createHash('sha512').update(bytes).digest('base64')}`)
  }
})

test('refuses what is no gzip', async () => {
  try {
    await readPackageArchive(Buffer.from('hello'), 'hello.tgz')
    assert.unreachable()
  } catch (error) {
    assert.ok(isChunkflowError(error))
    assert.match(error.what, 'hello.tgz is not an npm tarball')
  }
})

test.run()
