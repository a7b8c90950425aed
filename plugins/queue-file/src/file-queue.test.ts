import { fork } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { codeOf, queueConformance, sideBySide, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fileQueueDriver } from './file-queue.js'
import { parseTicket } from './ticket.js'

const test = suite('folder queues')
const folder = temporaryFolder()
test.after(() => folder.remove())
const at = (...names: string[]): string => path.join(folder.path, ...names)
const driver = fileQueueDriver()
const signal = new AbortController().signal

let queues = 0
const checks = queueConformance(
  () => driver,
  () => at(`queue ${queues++}`),
)
// leases are waited for
for (const { name, run } of sideBySide(checks)) test(name, run)

test('a message is a file with the body in it, in the order of sending', async () => {
  const queue = await driver.open(at('names'), { visibilitySeconds: 50 })
  await queue.send(['0-1_0-1_0-1', '1-2_0-1_0-1', '-5-0_0-1_0-1'])
  const names = readdirSync(at('names/queue')).sort()
  assert.equal(
    names.map((name) => [parseTicket(name)!.visibleFrom, readFileSync(at('names/queue', name), 'utf8')]),
    [
      [0, '0-1_0-1_0-1'],
      [0, '1-2_0-1_0-1'],
      [0, '-5-0_0-1_0-1'],
    ],
  )
  assert.equal(JSON.parse(readFileSync(at('names/settings.json'), 'utf8')), { visibilitySeconds: 50 })
  assert.equal(readdirSync(at('names')).sort(), ['queue', 'settings.json'])
})

test('a stamp is in the name of the file, wherever it goes', async () => {
  const queue = await driver.open(at('stamps'), {})
  await queue.send(['0-1_0-1_0-1'], { stamp: 'c0ffee' })
  assert.match(readdirSync(at('stamps/queue'))[0]!, /^0--.*--for-c0ffee\.json$/)
  await (await queue.receive({ signal }))!.deadLetter!('bad')
  assert.equal(
    readdirSync(at('stamps/dead')).map((name) => name.replace(/^.*--/, '')),
    ['for-c0ffee.json', 'for-c0ffee.txt'],
  )
})

test('files that python-task-queue made, or a person, are messages; others are left alone', async () => {
  mkdirSync(at('foreign/queue'), { recursive: true })
  writeFileSync(at('foreign/queue/0--8d9f0c3a-77e1-4f5e-9b55-1a2b3c4d5e6f.json'), '0-1_0-1_0-1')
  writeFileSync(at('foreign/queue/1699999999--mine.json'), '1-2_0-1_0-1')
  writeFileSync(at('foreign/queue/9999999999--later.json'), '2-3_0-1_0-1')
  writeFileSync(at('foreign/queue/notes.txt'), 'x')
  const queue = await driver.open(at('foreign'), {})
  const bodies = [await queue.receive({ signal }), await queue.receive({ signal })].map(
    (found) => found?.body,
  )
  assert.equal(bodies.sort(), ['0-1_0-1_0-1', '1-2_0-1_0-1'])
  assert.is(await queue.receive({ signal }), null)
  assert.ok(existsSync(at('foreign/queue/notes.txt')))
})

test('a dead letter keeps its reason, and lives again when its file is moved back', async () => {
  const queue = await driver.open(at('graves'), {})
  await queue.send(['0-1_0-1_0-1'])
  await (await queue.receive({ signal }))!.deadLetter!('model.onnx is missing')
  const [letter, reason] = readdirSync(at('graves/dead')).sort()
  assert.is(readFileSync(at('graves/dead', reason!), 'utf8'), 'model.onnx is missing\n')
  assert.is(await queue.receive({ signal }), null)
  renameSync(at('graves/dead', letter!), at('graves/queue', `0--${letter}`))
  assert.is((await queue.receive({ signal }))?.body, '0-1_0-1_0-1')
})

test('who was too slow cannot extend, but what is done is done', async () => {
  const queue = await driver.open(at('slow'), {})
  await queue.send(['0-1_0-1_0-1'])
  const slow = (await queue.receive({ signal, visibilitySeconds: 100 }))!
  // its time is over: somebody else holds it
  const [name] = readdirSync(at('slow/queue'))
  const { id } = parseTicket(name!)!
  renameSync(at('slow/queue', name!), at('slow/queue', `0--${id}.json`))
  const other = (await queue.receive({ signal, visibilitySeconds: 300 }))!
  assert.is(await codeOf(slow.extend()), 'queue-lease-lost')
  await slow.release('no longer held')
  assert.is(await queue.receive({ signal }), null, 'the other holds it still')
  await slow.acknowledge()
  assert.equal(readdirSync(at('slow/queue')), [])
  await other.acknowledge()
})

test('a message that its former holder finishes while it is fetched is passed over', async () => {
  const queue = await driver.open(at('finished'), {})
  // a link to nothing can be renamed and not be read, as a file that goes in between
  symlinkSync(at('nowhere'), at('finished/queue/0--gone.json'))
  assert.is(await queue.receive({ signal }), null)
  await queue.send(['0-1_0-1_0-1'])
  assert.is((await queue.receive({ signal }))?.body, '0-1_0-1_0-1')
})

test('when a message cannot be sent, nothing is sent behind the back of who was told so', async () => {
  const queue = await driver.open(at('full'), {})
  const bodies = Array.from({ length: 400 }, (_, index) => `${index}-${index + 1}_0-1_0-1`)
  // what is no text cannot be written
  bodies[1] = 5 as never
  assert.is(await codeOf(queue.send(bodies)), 'queue-unreachable')
  const sent = readdirSync(at('full/queue')).length
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.is(readdirSync(at('full/queue')).length, sent)
})

test('processes share a queue: every message is done once', async () => {
  const queue = await driver.open(at('shared'), {})
  const bodies = Array.from({ length: 200 }, (_, index) => `${index}-${index + 1}_0-1_0-1`)
  await queue.send(bodies)
  const entry = new URL('./testing/drain.ts', import.meta.url)
  const done = await Promise.all(
    [0, 1, 2].map(
      () =>
        new Promise<string[]>((resolve, reject) => {
          const child = fork(entry, [at('shared')], { execArgv: process.execArgv })
          child.on('message', (message) => resolve(message as string[]))
          child.on('error', reject)
          child.on('exit', (code) => code !== 0 && reject(new Error(`ended with ${code}`)))
        }),
    ),
  )
  assert.equal(done.flat().sort(), [...bodies].sort())
  assert.equal(readdirSync(at('shared/queue')), [])
})

test('what is no folder, or no settings, is an error', async () => {
  writeFileSync(at('file'), 'x')
  assert.is(await codeOf(driver.open(at('file'), {})), 'queue-unreachable')
  assert.is(await codeOf(driver.open('', {})), 'queue-name-invalid')
  mkdirSync(at('broken'))
  writeFileSync(at('broken/settings.json'), '{')
  assert.is(await codeOf(driver.open(at('broken'), {})), 'queue-unreachable')
})

test.run()
