import { existsSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeFolder } from './make-folder.js'

const test = suite('folders')
const folder = temporaryFolder()
test.after(() => folder.remove())
const at = (name: string): string => path.join(folder.path, name)
const codeOf = (attempt: Promise<void>): Promise<unknown> =>
  attempt.then(
    () => 'made',
    (error: NodeJS.ErrnoException) => error.code,
  )

test('makes what is missing, also when others make it at the same time', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, index) => makeFolder(at(`a/b/c/${index % 3}`))))
  assert.ok(statSync(at('a/b/c/2')).isDirectory())
  await makeFolder(at('a/b'))
})

test('a file in the way is an error', async () => {
  writeFileSync(at('file'), '')
  assert.is(await codeOf(makeFolder(at('file'))), 'EEXIST')
  assert.is(await codeOf(makeFolder(at('file/below'))), 'ENOTDIR')
})

test('ends where the system makes no folders', async () => {
  if (!existsSync('/proc/self')) return
  assert.is(await codeOf(makeFolder('/proc/chunkflow-test/a/b')), 'ENOENT')
})

test.run()
