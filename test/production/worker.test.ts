/** The command `worker`: pipeline files on queues, in one process and in several, of which some are killed. */
import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chunkflow, filesIn, ROOT, readHdf5, succeeds, workFolder } from '../pipelines/chunkflow.js'

const test = suite('worker')
const folder = workFolder()
const { cwd, file } = folder
test.after(() => folder.remove())
const run = (line: string) => succeeds(line, { cwd })

/** Processes whose command line contains a text. */
const processesWith = (text: string): number[] =>
  execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(text) && !line.includes('ps -eo'))
    .map((line) => Number.parseInt(line, 10))

test('runs a pipeline file on a queue and deletes its tasks', async () => {
  await run('--save-pipeline one.json create-chunk --size 4 6 8 save-h5 -f done-')
  await run('generate-tasks -c 4 6 8 -g 1 2 2 -q fq://one')
  const { stderr } = await run('worker one.json -q fq://one -r 0')
  assert.match(stderr, '4 tasks')
  assert.equal(filesIn(file('one/queue')), [])
  assert.equal((await readHdf5(file('done-0-4_0-6_0-8.h5'))).keys.includes('main'), true)
})

test('several processes share the tasks, and one that is killed is started again', async () => {
  writeFileSync(
    file('slow.mjs'),
    'export const execute = async (chunk) => { await new Promise((done) => setTimeout(done, 400)); return chunk }\n',
  )
  await run(
    '--save-pipeline slow.json fetch-task -q fq://elsewhere create-chunk --size 4 6 8 plugin -f ./slow.mjs -i chunk -o chunk mark-complete --prefix done/slow-',
  )
  await run('generate-tasks -c 4 6 8 -g 1 4 4 -q fq://slow')
  const queue = `fq://${file('slow')}`
  const supervisor = spawn(
    process.execPath,
    [
      path.join(ROOT, 'cli/bin/chunkflow.mjs'),
      ...['worker', 'slow.json', '-q', queue, '-n', '2', '-r', '4', '-v', '3'],
    ],
    { cwd, env: { ...process.env, NODE_OPTIONS: '', CHUNKFLOW_QUEUE_RETRY_SECONDS: '1' } },
  )
  let output = ''
  for (const stream of [supervisor.stdout, supervisor.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const ended = new Promise<number | null>((resolve) => supervisor.on('close', resolve))
  let workers: number[] = []
  for (let tries = 0; workers.length < 2 && tries < 100; tries++) {
    await sleep(100)
    workers = processesWith(`${queue} -n 2 -r 4 -v 3 --processes 1`)
  }
  assert.is(workers.length, 2, output)
  // it has begun a task by now, or is about to
  await sleep(1500)
  process.kill(workers[0]!, 'SIGKILL')
  assert.is(await ended, 0, output)
  assert.match(output, /worker \d was killed \(SIGKILL\); it starts again in 1 s/)
  assert.match(output, /^\[1\] /m)
  assert.match(output, /^\[2\] /m)
  assert.equal(filesIn(file('slow/queue')), [])
  assert.is(filesIn(file('done')).length, 16)
  assert.equal(processesWith(queue), [])
})

test('a signal stops all processes in an orderly way: tasks in hand go back', async () => {
  await run('generate-tasks -c 4 6 8 -g 1 5 5 -q fq://stopped')
  const queue = `fq://${file('stopped')}`
  const supervisor = spawn(
    process.execPath,
    [path.join(ROOT, 'cli/bin/chunkflow.mjs'), ...['worker', 'slow.json', '-q', queue, '-n', '2', '-r', '0']],
    { cwd, env: { ...process.env, NODE_OPTIONS: '' }, stdio: 'ignore' },
  )
  const ended = new Promise<number | null>((resolve) => supervisor.on('close', resolve))
  await sleep(2500)
  supervisor.kill('SIGTERM')
  assert.is(await ended, 1)
  const { counts } = JSON.parse((await run(`queue ${queue} --json`)).stdout)
  assert.is(counts.held, 0)
  assert.ok(counts.waiting > 0 && counts.waiting < 25, `${counts.waiting} wait`)
  assert.equal(processesWith(queue), [])
})

test('a second signal ends all processes at once', async () => {
  writeFileSync(
    file('endless.mjs'),
    'export const execute = async (chunk) => { await new Promise((done) => setTimeout(done, 60000)); return chunk }\n',
  )
  await run(
    '--save-pipeline endless.json create-chunk --size 4 6 8 plugin -f ./endless.mjs -i chunk -o chunk',
  )
  await run('generate-tasks -c 4 6 8 -g 1 2 2 -q fq://endless')
  const queue = `fq://${file('endless')}`
  const supervisor = spawn(
    process.execPath,
    [path.join(ROOT, 'cli/bin/chunkflow.mjs'), ...['worker', 'endless.json', '-q', queue, '-n', '2']],
    { cwd, env: { ...process.env, NODE_OPTIONS: '' }, stdio: 'ignore' },
  )
  const ended = new Promise<number | null>((resolve) => supervisor.on('close', resolve))
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let tries = 0; !isSo() && tries < 150; tries++) await sleep(100)
  }
  const held = () => filesIn(file('endless/queue')).filter((name) => !name.startsWith('0--')).length
  await until(() => held() === 2)
  supervisor.kill('SIGTERM')
  await sleep(500)
  supervisor.kill('SIGTERM')
  assert.is(await ended, 143)
  const workers = () => processesWith(`${queue} -n 2 --processes 1`)
  await until(() => workers().length === 0)
  const left = workers()
  for (const worker of left) process.kill(worker, 'SIGKILL')
  assert.equal(left, [])
})

test('refuses pipelines that make tasks themselves, and files that are none', async () => {
  await run('--save-pipeline grid.json generate-tasks -c 4 6 8 -g 1 1 2 create-chunk')
  const source = await chunkflow('worker grid.json -q fq://one', { cwd })
  assert.is(source.code, 2)
  assert.match(source.stderr, 'generate-tasks makes tasks, but a worker gets them from its queue')
  assert.is((await chunkflow('worker none.json -q fq://one', { cwd })).code, 2)
  const nowhere = await chunkflow('worker one.json', { cwd })
  assert.is(nowhere.code, 2)
  assert.match(nowhere.stderr, 'Which queue?')
  assert.match((await run('worker --help')).stdout, '--processes N')
})

test.run()
