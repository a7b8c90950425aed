import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  type AnyOperator,
  boxFromSize,
  type Chunk,
  createChunk,
  emptyChunk,
  formatBox,
  isChunkflowError,
  type QueueMessage,
  zyx,
} from '@chunkflow/sdk'
import {
  memoryStore,
  runOperator,
  runSource,
  serviceFamily,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import adjustBbox from './adjust-bbox.js'
import cleanup from './cleanup.js'
import copyVar from './copy-var.js'
import createBbox from './create-bbox.js'
import debug from './debug.js'
import deleteVar from './delete-var.js'
import fetchFromFile from './fetch-task-from-file.js'
import fetchFromQueue from './fetch-task-from-sqs.js'
import generateTasks from './generate-tasks.js'
import logSummary from './log-summary.js'
import markComplete from './mark-complete.js'
import skipAllZero from './skip-all-zero.js'
import skipNone from './skip-none.js'
import skipTaskByFile from './skip-task-by-file.js'

const test = suite('tasks')
const folder = temporaryFolder()
test.after(() => folder.remove())
const services = {
  files: testFiles(folder.path),
  volumes: serviceFamily({}),
  readers: serviceFamily({}),
  queues: serviceFamily({}),
  store: memoryStore(),
}
const bbox = boxFromSize(zyx(7, -3, 11), zyx(5, 9, 14))
const name = '7-12_-3-6_11-25'
const file = (suffix: string): string => path.join(folder.path, suffix)

async function code(action: Promise<unknown>): Promise<string> {
  try {
    await action
  } catch (error) {
    return isChunkflowError(error) ? error.code : String(error)
  }
  return 'none'
}
const boxesOf = async (definition: AnyOperator, options: Record<string, unknown>): Promise<string[]> =>
  (await runSource(definition, { options: options as never, services })).tasks.map((task) =>
    formatBox(task.bbox!),
  )

test('create-bbox: stop beats size', async () => {
  assert.equal(await boxesOf(createBbox, { start: [7, -3, 11], stop: [12, 6, 25], size: [1, 1, 1] }), [name])
  assert.equal(await boxesOf(createBbox, { start: [7, -3, 11], size: [5, 9, 14] }), [name])
  assert.is(await code(boxesOf(createBbox, { start: [0, 0, 0] })), 'box-missing')
})

test('generate-tasks: range, indices, selection and file', async () => {
  const { tasks, range } = await runSource(generateTasks, {
    services,
    options: { chunkSize: [4, 5, 6], gridSize: [1, 2, 2], filePath: 'boxes' },
  })
  assert.is(formatBox(range!), '0-4_0-10_0-12')
  assert.equal(
    tasks.map((task) => [task.variables?.bbox_index, task.variables?.bbox_num, task.log?.bbox]),
    [
      [0, 4, '0-4_0-5_0-6'],
      [1, 4, '0-4_0-5_6-12'],
      [2, 4, '0-4_5-10_0-6'],
      [3, 4, '0-4_5-10_6-12'],
    ],
  )
  assert.equal(await boxesOf(fetchFromFile, { filePath: 'boxes.npy', jobIndex: 1, granularity: 3 }), [
    '0-4_5-10_6-12',
  ])
  assert.equal(
    await boxesOf(generateTasks, {
      chunkSize: [4, 5, 6],
      gridSize: [1, 2, 2],
      taskIndexStart: 0,
      taskIndexStop: 1,
    }),
    ['0-4_0-5_0-6'],
  )
  assert.equal(await boxesOf(generateTasks, { boundingBox: name }), [name])
  assert.is(await code(boxesOf(generateTasks, { gridSize: [1, 1, 1] })), 'box-missing')
  assert.is(
    await code(boxesOf(generateTasks, { chunkSize: [4, 4, 4], queueName: 'work' })),
    'service-missing',
  )
})

test('generate-tasks: sends to a queue instead of running', async () => {
  const sent: string[] = []
  const queues = serviceFamily({
    sqs: {
      open: async (queue: string) => ({ send: async (bodies: string[]) => void sent.push(queue, ...bodies) }),
    },
  })
  const { tasks } = await runSource(generateTasks, {
    services: { ...services, queues },
    options: { chunkSize: [4, 4, 4], gridSize: [1, 1, 2], queueName: 'work' },
  })
  assert.equal(tasks, [])
  assert.equal(sent, ['work', '0-4_0-4_0-4', '0-4_0-4_4-8'])
})

test('fetch-task: a task a message, retries while empty, then ends', async () => {
  process.env.CHUNKFLOW_QUEUE_RETRY_SECONDS = '0'
  const messages = ['0-1_0-2_0-3', null, '4-5_0-2_0-3', null]
  const acknowledged: string[] = []
  const message = (body: string): QueueMessage => ({
    body,
    seconds: 60,
    extend: async () => {},
    release: async () => {},
    acknowledge: async () => void acknowledged.push(body),
  })
  const queue = {
    receive: async () => {
      const body = messages.shift()
      return body == null ? null : message(body)
    },
  }
  const { tasks } = await runSource(fetchFromQueue, {
    services: { queues: serviceFamily({ fq: { open: async () => queue } }) },
    options: { queueName: 'fq://folder', retryTimes: 2 },
  })
  delete process.env.CHUNKFLOW_QUEUE_RETRY_SECONDS
  assert.equal(
    tasks.map((task) => task.log?.bbox),
    ['0-1_0-2_0-3', '4-5_0-2_0-3'],
  )
  await tasks[0]!.lease!.acknowledge()
  assert.equal(acknowledged, ['0-1_0-2_0-3'])
})

test('adjust-bbox adds to both corners', async () => {
  const { task } = await runOperator(adjustBbox, {
    options: { cornerOffset: [-1, 0, 2, 3, 0, -2] },
    variables: { bbox },
  })
  assert.is(formatBox(task.get('bbox')), '6-15_-3-6_13-23')
  assert.is(
    await code(runOperator(adjustBbox, { options: { cornerOffset: [0, 0, 0, 0, 0, 0] } })),
    'task-no-bbox',
  )
})

test('mark-complete and skip-task-by-file speak the same names', async () => {
  const options = { prefix: 'done/', suffix: '.txt' }
  const skips = async (mode: string): Promise<boolean> =>
    (await runOperator(skipTaskByFile, { options: { ...options, mode }, variables: { bbox }, services }))
      .outcome?.kind === 'skip'
  assert.equal([await skips('exist'), await skips('missing'), await skips('empty')], [false, true, true])
  await runOperator(markComplete, { options, variables: { bbox }, services, dryRun: true })
  assert.not.ok(existsSync(file('done')))
  await runOperator(markComplete, { options, variables: { bbox }, services })
  assert.ok(existsSync(file(`done/${name}.txt`)))
  assert.equal([await skips('exist'), await skips('missing'), await skips('empty')], [true, false, true])
  writeFileSync(file(`done/${name}.txt`), 'x')
  assert.equal([await skips('exist'), await skips('empty')], [true, false])
  const grown = await runOperator(skipTaskByFile, {
    options: { ...options, adjustSize: 1 },
    variables: { bbox: boxFromSize(zyx(8, -2, 12), zyx(3, 7, 12)) },
    services,
  })
  assert.is(grown.outcome?.kind, 'skip')
})

test('skip-all-zero looks at every voxel and leaves a mark', async () => {
  const at = { voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] }
  const outcome = async (chunk: Chunk) =>
    (await runOperator(skipAllZero, { options: { prefix: 'zero-' }, variables: { chunk }, services })).outcome
      ?.kind
  const lastVoxel = emptyChunk('uint8', [5, 9, 14], at)
  lastVoxel.data[lastVoxel.data.length - 1] = 1
  assert.is(await outcome(lastVoxel), undefined)
  assert.is(await outcome(createChunk(new Float32Array([0, -0]), [1, 1, 2])), 'skip')
  assert.is(await outcome(createChunk(new BigUint64Array([0n, 2n ** 63n]), [1, 1, 2])), undefined)
  assert.is(await outcome(emptyChunk('uint16', [5, 9, 14], at)), 'skip')
  assert.is(statSync(file(`zero-${name}`)).size, 0)
})

test('skip-none marks by the task box', async () => {
  const { outcome } = await runOperator(skipNone, {
    options: { prefix: 'none-' },
    variables: { bbox, chunk: null },
    services,
  })
  assert.is(outcome?.kind, 'skip')
  assert.ok(existsSync(file(`none-${name}`)))
  assert.is(
    (await runOperator(skipNone, { options: { touch: false }, variables: { chunk: 1 }, services })).outcome,
    undefined,
  )
  assert.is(await code(runOperator(skipNone, { variables: { chunk: null }, services })), 'flag-missing')
})

test('copy-var copies voxels unless told to share them; delete-var removes', async () => {
  const chunk = createChunk(new Uint8Array([1, 2]), [1, 1, 2])
  const deep = (await runOperator(copyVar, { options: { toName: 'copy' }, variables: { chunk } })).task
  assert.is.not(deep.get<Chunk>('copy').data, chunk.data)
  assert.equal([...deep.get<Chunk>('copy').data], [1, 2])
  const shallow = (
    await runOperator(copyVar, { options: { toName: 'copy', deepCopy: false }, variables: { chunk } })
  ).task
  assert.is(shallow.get<Chunk>('copy').data, chunk.data)
  assert.equal(
    (
      await runOperator(deleteVar, { options: { varNames: ['a', 'b'] }, variables: { a: 1, b: 2, c: 3 } })
    ).task.names(),
    ['c'],
  )
  assert.is(await code(runOperator(deleteVar, { options: { varNames: ['z'] } })), 'task-variable-missing')
})

test('cleanup deletes what matches, and refuses to empty the folder unasked', async () => {
  mkdirSync(file('marks/sub'), { recursive: true })
  for (const [mark, text] of [
    ['a.done', ''],
    ['b.done', 'x'],
    ['c.txt', ''],
  ] as const)
    writeFileSync(file(`marks/${mark}`), text)
  const { messages } = await runSource(cleanup, {
    services,
    options: { dir: 'marks', mode: 'empty', suffix: '.done' },
  })
  assert.equal(messages.result, ['3 entries remain in marks'])
  assert.not.ok(existsSync(file('marks/a.done')))
  assert.is(await code(runSource(cleanup, { services })), 'box-missing')
})

test('debug prints 64-bit values exactly', async () => {
  const { messages } = await runOperator(debug, {
    variables: { seg: createChunk(new BigUint64Array([5n, 2n ** 64n - 1n]), [1, 1, 2]), bbox },
  })
  assert.match(messages.result.join('\n'), '5 to 18446744073709551615')
  assert.match(messages.result.join('\n'), `bbox: ${name}`)
})

test('log-summary: means by device, megavoxels a second, doubly encoded logs', async () => {
  mkdirSync(file('log'))
  const log = (inference: number, load?: number) => ({
    timer: { ...(load === undefined ? {} : { load }), inference },
    compute_device: 'gpu',
  })
  writeFileSync(file('log/a.json'), JSON.stringify(log(10, 2)))
  writeFileSync(file('log/b.json'), JSON.stringify(JSON.stringify(log(30))))
  writeFileSync(file('log/notes.txt'), 'no JSON')
  const { messages, tasks } = await runSource(logSummary, {
    services,
    options: { logDir: 'log', outputSize: [10, 1000, 1000] },
  })
  assert.is(tasks.length, 1)
  const rows = messages.result
    .filter((line) => line.startsWith('gpu'))
    .map((line) => line.split(/ +/).slice(1).map(Number))
  assert.equal(rows, [
    [2, 20, 21],
    [2, 30, 30],
    [2, 10, 12],
    [5, 0.5, 0.47619],
    [0.000556, 0.011111, 0.011667],
  ])
  assert.ok(readFileSync(file('log/notes.txt'), 'utf8'))
})

test.run()
