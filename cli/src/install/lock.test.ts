import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { isChunkflowError } from '@chunkflow/kernel/authoring'
import { temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { whileAlone } from './lock.js'

const test = suite('install lock')
const temporary = temporaryFolder()
test.after(() => temporary.remove())

/** A data folder that does not exist yet, below one that does not either. */
const place = (name: string): string => path.join(temporary.path, name, 'share', 'chunkflow')
const pollSeconds = 0.001

test('one after another, with the lock gone at the end, whatever happens', async () => {
  const folder = place('queue')
  let inside = 0
  let most = 0
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 5))
    inside -= 1
    throw new Error('fails')
  }
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, () => whileAlone(work, { folder, pollSeconds })),
  )
  assert.equal(
    results.map((result) => (result as PromiseRejectedResult).reason.message),
    Array(5).fill('fails'),
  )
  assert.is(most, 1)
  assert.not(existsSync(`${folder}.lock`))
})

test('those who find the lock of a process that is gone are alone as well', async () => {
  const folder = place('crowd')
  await whileAlone(async () => {}, { folder })
  const { pid } = spawnSync(process.execPath, ['--version'])
  writeFileSync(`${folder}.lock`, `${pid} ${hostname()}`)
  let inside = 0
  let most = 0
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 2))
    inside -= 1
  }
  await Promise.all(Array.from({ length: 8 }, () => whileAlone(work, { folder, pollSeconds })))
  assert.is(most, 1)
  assert.equal(readdirSync(path.dirname(folder)), [])
})

test('says whom it waits for, and gives up', async () => {
  const folder = place('busy')
  await whileAlone(
    async () => {
      assert.is(readFileSync(`${folder}.lock`, 'utf8'), `${process.pid} ${hostname()}`)
      const said: string[] = []
      const settings = { folder, pollSeconds, waitSeconds: 0.01, say: (text: string) => said.push(text) }
      const error = await whileAlone(async () => {}, settings).catch((reason: unknown) => reason)
      assert.ok(isChunkflowError(error))
      assert.is(error.code, 'plugin-busy')
      assert.match(error.what, `process ${process.pid} on ${hostname()}`)
      assert.equal(said, [`waiting for process ${process.pid} on ${hostname()}, which changes plugins …`])
    },
    { folder },
  )
})

test('takes over from a process that is gone, not from one of another host', async () => {
  const folder = place('gone')
  await whileAlone(async () => {}, { folder })
  const { pid } = spawnSync(process.execPath, ['--version'])
  writeFileSync(`${folder}.lock`, `${pid} ${hostname()}`)
  assert.is(await whileAlone(async () => 7, { folder }), 7)
  writeFileSync(`${folder}.lock`, `${pid} elsewhere`)
  const error = await whileAlone(async () => {}, { folder, pollSeconds, waitSeconds: 0 }).catch(
    (reason: unknown) => reason,
  )
  assert.ok(isChunkflowError(error))
  assert.match(error.what, 'on elsewhere')
})

test.run()
