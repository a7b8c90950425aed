/** The command under a bare user number without name and home folder, as containers and batch systems start it. */
import { spawnSync } from 'node:child_process'
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

function run(line: string): {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
} {
  const { HOME: _, XDG_DATA_HOME: __, XDG_CONFIG_HOME: ___, ...env } = process.env
  return spawnSync(process.execPath, [path.join(ROOT, 'cli/bin/chunkflow.mjs'), ...line.split(' ')], {
    cwd: folder.cwd,
    encoding: 'utf8',
    env: { ...env, NODE_OPTIONS: '' },
    uid: NUMBER,
    gid: NUMBER,
  })
}

test('chains, files and doctor work', () => {
  if (process.getuid?.() !== 0) {
    console.log('skipped: needs root, to run as another user')
    return
  }
  chmodSync(folder.cwd, 0o777)
  if (run('--version').status !== 0) {
    console.log('skipped: needs a checkout that every user may read')
    return
  }
  for (const line of [
    'create-chunk --size 8 12 16 save-h5 -f chunk.h5',
    'generate-tasks --roi-stop 8 12 16 --chunk-size 8 12 16 -q fq://tasks',
    'fetch-task -q fq://tasks --retry-times 0 load-h5 -f chunk.h5 plugin -f inverse -i chunk save-precomputed -v file://volume delete-task-in-queue',
  ]) {
    const { status, stderr } = run(line)
    assert.is(status, 0, `${line}\n${stderr}`)
  }
  assert.ok(filesIn(folder.file('volume')).includes('info'))
  const { status, stdout, stderr } = run('doctor file://volume')
  assert.is(status, 0, stdout + stderr)
  assert.match(stdout, `the user of this process (number ${NUMBER})`)
})

test.run()
