/** The command under a bare user number without name and home folder, as containers and batch systems start it. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { filesIn, ROOT, workFolder } from './chunkflow.js'

const test = suite('bare user')
const folder = workFolder()
test.after(() => folder.remove())

/** A number that no user of a usual machine has. */
const NUMBER = 1_234_567
const BIN = path.join(ROOT, 'cli/bin/chunkflow.mjs')

/** Nothing of the environment but where programs are. */
const run = (program: string, words: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(program, words, {
    cwd: folder.cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
    uid: NUMBER,
    gid: NUMBER,
  })

test('chains, files, plugins and doctor work', () => {
  if (process.getuid?.() !== 0) {
    console.log('skipped: needs root, to run as another user')
    return
  }
  chmodSync(folder.cwd, 0o777)
  if (run('test', ['-r', BIN]).status !== 0) {
    console.log('skipped: needs a checkout that every user may read')
    return
  }
  for (const line of [
    '--version',
    'plugins',
    'create-chunk --size 8 12 16 save-h5 -f chunk.h5',
    'generate-tasks --roi-stop 8 12 16 --chunk-size 8 12 16 -q fq://tasks',
    'fetch-task -q fq://tasks --retry-times 0 load-h5 -f chunk.h5 plugin -f inverse -i chunk save-precomputed -v file://volume --volume-size 8 12 16 delete-task-in-queue',
  ]) {
    const { status, stderr } = run(process.execPath, [BIN, ...line.split(' ')])
    assert.is(status, 0, `${line}\n${stderr}`)
  }
  assert.ok(filesIn(folder.file('volume')).includes('info'))
  const { status, stdout, stderr } = run(process.execPath, [BIN, 'doctor', 'file://volume'])
  assert.is(status, 0, stdout + stderr)
  assert.match(stdout, `the user of this process (number ${NUMBER})`)
})

test.run()
