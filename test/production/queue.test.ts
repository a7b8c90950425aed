/** What the command `queue` tells of queues and does with failed tasks, on a folder and on an SQS emulator. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chunkflow, filesIn, succeeds, workFolder } from '../pipelines/chunkflow.js'
import { startCloud } from './cloud.js'

const test = suite('queues')
const folder = workFolder()
const { cwd, file } = folder
const buckets = workFolder()
const cloud = await startCloud(buckets.cwd, [])
const env = cloud.env
test.after(async () => {
  await cloud.close()
  buckets.remove()
  folder.remove()
})

const failing = (queue: string) =>
  chunkflow(`fetch-task -q ${queue} -r 0 load-precomputed -v nothing delete-task-in-queue`, { cwd, env })

for (const queue of ['fq://tasks', 'failing-tasks'])
  test(`${queue}: failed tasks are shown by cause, offered again, forgotten`, async () => {
    await succeeds(`generate-tasks -c 4 8 8 -g 1 1 3 -q ${queue}`, { cwd, env })
    const before = await succeeds(`queue ${queue}`, { cwd, env })
    assert.is(before.stdout, 'waiting 3, held by workers 0\nfailed 0\n')
    assert.is((await failing(queue)).code, 1)
    const { stdout } = await succeeds(`queue ${queue}`, { cwd, env })
    assert.match(stdout, 'waiting 0, held by workers 0\nfailed 3, by cause:\n')
    assert.match(stdout, '3 × load-precomputed: There is no volume')
    assert.match(stdout, '0-4_0-8_0-8')
    assert.match(stdout, 'chunkflow create-bbox --start 0 0 0 --stop 4 8 8')
    const { counts, failures } = JSON.parse((await succeeds(`queue ${queue} --json`, { cwd, env })).stdout)
    assert.equal(counts, { waiting: 0, held: 0, failed: 3 })
    assert.equal(failures.map(({ body }: { body: string }) => body).sort(), [
      '0-4_0-8_0-8',
      '0-4_0-8_16-24',
      '0-4_0-8_8-16',
    ])
    const other = await succeeds(`queue ${queue} --retry --cause`.split(' ').concat('no such reason'), {
      cwd,
      env,
    })
    assert.is(other.stdout, '0 failed tasks wait for workers again, 3 of other causes are left\n')
    const again = await succeeds(`queue ${queue} --retry --cause`.split(' ').concat('no volume'), {
      cwd,
      env,
    })
    assert.is(again.stdout, '3 failed tasks wait for workers again\n')
    assert.match(
      (await succeeds(`queue ${queue}`, { cwd, env })).stdout,
      'waiting 3, held by workers 0\nfailed 0',
    )
    await failing(queue)
    assert.is(
      (await succeeds(`queue ${queue} --forget`, { cwd, env })).stdout,
      '3 failed tasks are forgotten\n',
    )
    assert.match(
      (await succeeds(`queue ${queue}`, { cwd, env })).stdout,
      'waiting 0, held by workers 0\nfailed 0',
    )
  })

test('no form of the answer tells passwords that a reason has', async () => {
  await succeeds('generate-tasks -c 4 8 8 -g 1 1 1 -q fq://secret', { cwd, env })
  const [task] = filesIn(file('secret/queue'))
  const id = task!.replace(/^0--|\.json$/g, '')
  mkdirSync(file('secret/dead'))
  renameSync(file(`secret/queue/${task}`), file(`secret/dead/${id}.json`))
  writeFileSync(file(`secret/dead/${id}.txt`), 'cannot read https://me:word@host/a?token=word "so"')
  for (const line of ['queue fq://secret', 'queue fq://secret --json']) {
    const { stdout } = await succeeds(line, { cwd, env })
    assert.match(stdout, 'https://host/a?')
    assert.not.match(stdout, 'word')
  }
})

test('a queue that is not there is an error, and is not made', async () => {
  for (const queue of ['fq://none', 'none']) {
    const { code, stderr } = await chunkflow(`queue ${queue}`, { cwd, env })
    assert.is(code, 1)
    assert.match(stderr, 'There is no queue')
  }
  assert.not.ok(existsSync(file('none')))
  const { code, stderr } = await chunkflow('queue', { cwd })
  assert.is(code, 2)
  assert.match(stderr, 'Which queue?')
  assert.is((await chunkflow('queue fq://none --retry --forget', { cwd })).code, 2)
  assert.is((await chunkflow('queue fq://none --cause x', { cwd })).code, 2)
  assert.equal(
    filesIn(cwd).filter((name) => name.startsWith('none')),
    [],
  )
})

test.run()
