import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  type AnyOperator,
  chunkflowError,
  formatBox,
  isChunkflowError,
  type SourceTask,
  zyx,
} from '@chunkflow/sdk'
import { askPython, codeOf, refusal, runSource, serviceFamily, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BOX_NAME, oneFile, oneVolume, scriptedQueue, servicesIn } from '../testing/fixtures.js'
import cleanup from './cleanup.js'
import createBbox from './create-bbox.js'
import fetchFromFile from './fetch-task-from-file.js'
import fetchFromQueue from './fetch-task-from-sqs.js'
import generateTasks from './generate-tasks.js'
import logSummary from './log-summary.js'

const test = suite('sources')
const folder = temporaryFolder()
test.after(() => folder.remove())
const services = servicesIn(folder.path)
const file = (name: string): string => path.join(folder.path, name)

type Options = Record<string, unknown>
const run = (definition: AnyOperator, options: Options, more: Options = {}, dryRun = false) =>
  runSource(definition, { options: options as never, services: { ...services, ...more }, dryRun })
const namesOf = (tasks: readonly SourceTask[]): string[] => tasks.map((task) => formatBox(task.bbox!))
const boxesOf = async (definition: AnyOperator, options: Options, more?: Options): Promise<string[]> =>
  namesOf((await run(definition, options, more)).tasks)

test('create-bbox: stop beats size', async () => {
  assert.equal(await boxesOf(createBbox, { start: [7, -3, 11], stop: [12, 6, 25], size: [1, 1, 1] }), [
    BOX_NAME,
  ])
  assert.equal(await boxesOf(createBbox, { start: [7, -3, 11], size: [5, 9, 14] }), [BOX_NAME])
  assert.is(formatBox((await run(createBbox, { start: [0, 0, 0], size: [1, 2, 3] })).range!), '0-1_0-2_0-3')
  assert.is(await codeOf(run(createBbox, { start: [0, 0, 0] })), 'box-missing')
  assert.is(await codeOf(run(createBbox, { start: [0, 0, 0], stop: [1, -1, 1] })), 'box-invalid')
})

test('generate-tasks: what each task carries, and the lines scripts rely on', async () => {
  const { tasks, range, messages } = await run(generateTasks, { chunkSize: [4, 5, 6], gridSize: [1, 2, 2] })
  assert.is(formatBox(range!), '0-4_0-10_0-12')
  assert.equal(
    tasks.map(({ bbox, variables, log }) => [
      formatBox(bbox!),
      variables?.bbox_index,
      variables?.bbox_num,
      log?.bbox,
    ]),
    [
      ['0-4_0-5_0-6', 0, 4, '0-4_0-5_0-6'],
      ['0-4_0-5_6-12', 1, 4, '0-4_0-5_6-12'],
      ['0-4_5-10_0-6', 2, 4, '0-4_5-10_0-6'],
      ['0-4_5-10_6-12', 3, 4, '0-4_5-10_6-12'],
    ],
  )
  assert.equal(messages.result.slice(0, 2), [
    'total number of tasks: 4',
    'executing task 0 in 4 with bounding box 0-4_0-5_0-6',
  ])
  const said = messages.info.join('\n')
  for (const part of [
    'region start 0 0 0',
    'stride 4 5 6',
    'grid size 1 2 2',
    'end of the last box 4 10 12',
    'number 3, 0-4_5-10_6-12',
    '4 candidate boxes',
  ])
    assert.match(said, part)
})

test('generate-tasks: one empty box, one box of a size, one given box', async () => {
  assert.equal(
    await boxesOf(generateTasks, { chunkSize: [0, 0, 0], roiStart: [0, 0, 0], gridSize: [1, 1, 1] }),
    ['0-0_0-0_0-0'],
  )
  assert.equal(await boxesOf(generateTasks, { roiStart: [0, 0, 0], chunkSize: [64, 64, 64] }), [
    '0-64_0-64_0-64',
  ])
  assert.equal(await boxesOf(generateTasks, { boundingBox: BOX_NAME, chunkSize: [5, 9, 14] }), [BOX_NAME])
  assert.is(await codeOf(run(generateTasks, { boundingBox: BOX_NAME, chunkSize: [5, 9, 15] })), 'box-missing')
  assert.is(await codeOf(run(generateTasks, { boundingBox: '1-2' })), 'box-missing')
  assert.is(await codeOf(run(generateTasks, { gridSize: [1, 1, 1] })), 'box-missing')
})

test('generate-tasks: indices select, disbatch picks one and keeps its index', async () => {
  const grid = { chunkSize: [4, 5, 6], gridSize: [1, 2, 2] }
  const chosen = async (options: Options) =>
    (await run(generateTasks, { ...grid, ...options })).tasks.map(({ bbox, variables }) => [
      formatBox(bbox!),
      variables?.bbox_index,
      variables?.bbox_num,
    ])
  assert.equal(await chosen({ taskIndexStart: 0, taskIndexStop: 1 }), [['0-4_0-5_0-6', 0, 1]])
  assert.equal(await chosen({ taskIndexStart: 3 }), [['0-4_5-10_6-12', 0, 1]])
  assert.equal(await chosen({ taskIndexStart: 4 }), [])
  process.env.DISBATCH_REPEAT_INDEX = '2'
  try {
    assert.equal(await chosen({ disbatch: true }), [['0-4_5-10_0-6', 2, 1]])
    assert.equal(await chosen({ disbatch: true, taskIndexStop: 1 }), [['0-4_0-5_0-6', 0, 1]])
    process.env.DISBATCH_REPEAT_INDEX = '4'
    assert.is(await codeOf(chosen({ disbatch: true })), 'box-missing')
  } finally {
    delete process.env.DISBATCH_REPEAT_INDEX
  }
  assert.is(await codeOf(chosen({ disbatch: true })), 'box-missing')
})

test('generate-tasks: covers a volume at its mip, from its offset', async () => {
  const volumes = serviceFamily({ precomputed: oneVolume('gs://my/data', zyx(10, 0, 32), zyx(20, 64, 96)) })
  const options = { volumePath: 'gs://my/data', overlap: [0, 0, 0], chunkSize: [12, 32, 48] }
  assert.equal(await boxesOf(generateTasks, { ...options, mip: 0 }, { volumes }), [
    '10-22_0-32_32-80',
    '10-22_0-32_80-128',
    '10-22_32-64_32-80',
    '10-22_32-64_80-128',
    '22-34_0-32_32-80',
    '22-34_0-32_80-128',
    '22-34_32-64_32-80',
    '22-34_32-64_80-128',
  ])
  assert.equal(await boxesOf(generateTasks, { ...options, mip: 1 }, { volumes }), [
    '10-22_0-32_16-64',
    '22-34_0-32_16-64',
  ])
  assert.equal(
    await boxesOf(
      generateTasks,
      { ...options, mip: 1, overlap: [1, 1, 1], chunkSize: [22, 34, 50] },
      { volumes },
    ),
    ['9-31_-1-33_15-65'],
  )
  assert.is(await codeOf(run(generateTasks, { ...options, mip: 2 }, { volumes })), 'box-missing')
  assert.is(
    await codeOf(run(generateTasks, { ...options, volumePath: 'gs://other' }, { volumes })),
    'box-missing',
  )
  const open = serviceFamily({
    precomputed: oneVolume('https://storage.googleapis.com/my/data', zyx(10, 0, 32), zyx(20, 64, 96)),
  })
  assert.is(
    (await boxesOf(generateTasks, { ...options, mip: 1, useHttps: true }, { volumes: open })).length,
    2,
  )
})

test('generate-tasks: covers a file from its offset; overlap does not move the start', async () => {
  const readers = serviceFamily({ hdf5: oneFile([3, 20, 30, 40], zyx(7, -3, 11)) })
  assert.equal(
    await boxesOf(
      generateTasks,
      { volumePath: 'a.h5', chunkSize: [20, 16, 41], overlap: [0, 1, 1] },
      { readers },
    ),
    ['7-27_-3-13_11-52', '7-27_12-28_11-52'],
  )
})

test('generate-tasks: writes kept boxes as NumPy reads them', async () => {
  const options = { chunkSize: [4, 5, 6], roiStart: [-4, 0, 0], gridSize: [1, 2, 2], taskIndexStart: 1 }
  await run(generateTasks, { ...options, filePath: 'dry' }, {}, true)
  assert.not.ok(existsSync(file('dry.npy')))
  assert.is((await run(generateTasks, { ...options, filePath: 'boxes' })).tasks.length, 3)
  await run(generateTasks, { ...options, filePath: 'named.npy' })
  assert.ok(existsSync(file('named.npy')))
  assert.equal(await boxesOf(fetchFromFile, { filePath: 'boxes.npy', jobIndex: 1, granularity: 2 }), [
    '-4-0_5-10_6-12',
  ])
  const printed = askPython(
    ['numpy'],
    `import numpy; a = numpy.load('boxes.npy'); print(a.dtype, a.flags.c_contiguous, a.tolist())`,
    { cwd: folder.path },
  )
  if (printed === null) return
  assert.is(printed, 'int64 True [[-4, 0, 6, 0, 5, 12], [-4, 5, 0, 0, 10, 6], [-4, 5, 6, 0, 10, 12]]')
})

test('generate-tasks: sends to a queue instead of running', async () => {
  const { driver, events } = scriptedQueue([])
  const queues = serviceFamily({ sqs: driver, fq: driver })
  // the tutorial's grid: 8 messages, x fastest
  const options = {
    chunkSize: [128, 1024, 1024],
    gridSize: [2, 2, 2],
    stride: [128, 1024, 1024],
    queueName: 'my-queue',
  }
  const dry = await run(generateTasks, options, { queues }, true)
  assert.equal(events, [])
  assert.match(dry.messages.info.at(-1)!, 'would send 8 boxes')
  assert.equal((await run(generateTasks, options, { queues })).tasks, [])
  assert.equal(events, [
    'open my-queue',
    'send 0-128_0-1024_0-1024',
    'send 0-128_0-1024_1024-2048',
    'send 0-128_1024-2048_0-1024',
    'send 0-128_1024-2048_1024-2048',
    'send 128-256_0-1024_0-1024',
    'send 128-256_0-1024_1024-2048',
    'send 128-256_1024-2048_0-1024',
    'send 128-256_1024-2048_1024-2048',
  ])
  await run(generateTasks, { ...options, queueName: 'fq:///data/queue' }, { queues })
  assert.is(events.at(9), 'open /data/queue')
})

test('generate-tasks: without a plugin for the queue nothing is written', async () => {
  try {
    await run(generateTasks, { chunkSize: [4, 4, 4], queueName: 'work', filePath: 'unsent' })
    assert.unreachable()
  } catch (error) {
    assert.ok(isChunkflowError(error))
    assert.is(error.code, 'service-missing')
    assert.match(error.fix!, 'plugin-queue-sqs')
  }
  assert.not.ok(existsSync(file('unsent.npy')))
})

test('generate-tasks takes the boxes of a file, and nothing else then', async () => {
  writeFileSync(file('lost.txt'), '0,0,0,1,2,3\n5,0,0,6,2,3\n')
  assert.equal(await boxesOf(generateTasks, { boxes: 'lost.txt' }), ['0-1_0-2_0-3', '5-6_0-2_0-3'])
  assert.equal(await boxesOf(generateTasks, { boxes: 'lost.txt', taskIndexStart: 1 }), ['5-6_0-2_0-3'])
  assert.is(formatBox((await run(generateTasks, { boxes: 'lost.txt' })).range!), '0-6_0-2_0-3')
  const both = run(generateTasks, { boxes: 'lost.txt', chunkSize: [1, 2, 3] })
  assert.match(await refusal(() => both), '--chunk-size says nothing')
})

test('fetch-task-from-file: rows by job, text files, indices that are missing', async () => {
  writeFileSync(file('rows.txt'), '# z y x\n0,0,0, 1,2,3\n1,0,0, 2,2,3\n2,0,0,3,2,3\n')
  const fetch = (options: Options) => boxesOf(fetchFromFile, { filePath: 'rows.txt', ...options })
  assert.equal(await fetch({ jobIndex: 0, granularity: 2 }), ['0-1_0-2_0-3', '1-2_0-2_0-3'])
  assert.equal(await fetch({ jobIndex: 1, granularity: 2 }), ['2-3_0-2_0-3'])
  assert.equal(await fetch({ jobIndex: 2, granularity: 2 }), [])
  assert.is(await codeOf(fetch({})), 'flag-missing')
  assert.is(await codeOf(fetch({ slurmJobArray: true })), 'flag-missing')
  process.env.SLURM_ARRAY_TASK_ID = '1'
  assert.equal(await fetch({ slurmJobArray: true }), ['1-2_0-2_0-3'])
  delete process.env.SLURM_ARRAY_TASK_ID
  const { tasks, range } = await run(fetchFromFile, { filePath: 'rows.txt', jobIndex: 0, granularity: 9 })
  assert.is(formatBox(range!), '0-3_0-2_0-3')
  // what all jobs cover, not this one alone
  assert.is(
    formatBox((await run(fetchFromFile, { filePath: 'rows.txt', jobIndex: 1 })).range!),
    '0-3_0-2_0-3',
  )
  assert.is(tasks[2]!.log?.bbox, '2-3_0-2_0-3')
})

async function fetched(
  bodies: readonly (string | null)[],
  options: Options = {},
  settings: { deadLetters?: boolean } = {},
) {
  const { driver, events } = scriptedQueue(bodies, settings)
  process.env.CHUNKFLOW_QUEUE_RETRY_SECONDS = '0'
  try {
    const { tasks, messages } = await run(
      fetchFromQueue,
      { queueName: 'fq://folder', ...options },
      { queues: serviceFamily({ fq: driver }) },
    )
    return { tasks, messages, events }
  } finally {
    delete process.env.CHUNKFLOW_QUEUE_RETRY_SECONDS
  }
}

test('fetch-task: a task a message; retries are counted over the whole run', async () => {
  const { tasks, events, messages } = await fetched(['0-1_0-2_0-3', null, '4-5_0-2_0-3', null, null], {
    retryTimes: 2,
    visibilityTimeout: 600,
  })
  assert.equal(
    tasks.map((task) => task.log?.bbox),
    ['0-1_0-2_0-3', '4-5_0-2_0-3'],
  )
  assert.equal(events, ['open folder', ...Array.from({ length: 5 }, () => 'receive for 600')])
  assert.match(messages.info[0]!, '1 more times')
  assert.match(messages.info[1]!, '0 more times')
  const lease = tasks[0]!.lease!
  assert.is(lease.seconds, 60)
  await lease.extend()
  await lease.acknowledge()
  await lease.release('later')
  await lease.deadLetter!('bad')
  assert.equal(events.slice(-4), [
    'extend 0-1_0-2_0-3',
    'acknowledge 0-1_0-2_0-3',
    'release 0-1_0-2_0-3',
    'dead 0-1_0-2_0-3',
  ])
})

test('fetch-task: at most so many; 0 means none, and a time-out of 0 the queue default', async () => {
  const bodies = ['0-1_0-2_0-3', '4-5_0-2_0-3']
  assert.is((await fetched(bodies, { num: 1 })).tasks.length, 1)
  const none = await fetched(bodies, { num: 0, visibilityTimeout: 0 })
  assert.equal([none.tasks, none.events], [[], ['open folder']])
  assert.is((await fetched(bodies, { num: 1, visibilityTimeout: 0 })).events[1], 'receive')
})

test('fetch-task: what is no box goes to the dead letters, or ends the run', async () => {
  const bodies = ['hello', '0-1_0-2_0-3']
  const { tasks, events, messages } = await fetched(bodies, { retryTimes: 0 })
  assert.is(tasks.length, 1)
  assert.ok(events.includes('dead hello'))
  assert.match(messages.error[0]!, '"hello" is not a bounding box')
  assert.is(await codeOf(fetched(bodies, {}, { deadLetters: false })), 'queue-failed')
})

test('fetch-task: a dry run fetches nothing; unknown kinds of queues and odd settings are refused', async () => {
  const { driver, events } = scriptedQueue(['0-1_0-2_0-3'])
  const queues = serviceFamily({ sqs: driver })
  assert.equal((await run(fetchFromQueue, { queueName: 'work' }, { queues }, true)).tasks, [])
  assert.equal(events, [])
  assert.is(await codeOf(run(fetchFromQueue, { queueName: 'fq://x' }, { queues })), 'service-missing')
  process.env.CHUNKFLOW_QUEUE_RETRY_SECONDS = 'soon'
  assert.is(await codeOf(run(fetchFromQueue, { queueName: 'work' }, { queues })), 'flag-invalid')
  delete process.env.CHUNKFLOW_QUEUE_RETRY_SECONDS
})

test('fetch-task: tasks for another chain are given back, and end the run', async () => {
  const own = '0-1_0-2_0-3@f00d'
  const { tasks, events } = await fetched([own, '4-5_0-2_0-3', null], { retryTimes: 0 })
  assert.equal(namesOf(tasks), ['0-1_0-2_0-3', '4-5_0-2_0-3'])
  assert.not.ok(events.some((event) => event.startsWith('release')))
  const { driver, events: others } = scriptedQueue([own, '4-5_0-2_0-3@beef', '6-7_0-2_0-3'])
  const queues = serviceFamily({ fq: driver })
  const refused = await refusal(() => run(fetchFromQueue, { queueName: 'fq://folder' }, { queues }))
  assert.match(
    refused,
    'queue-pipeline-differs: Task 4-5_0-2_0-3 is for the pipeline beef; this chain is f00d',
  )
  assert.equal(others, ['open folder', 'receive', 'receive', 'release 4-5_0-2_0-3'])
  const any = await fetched([own, '4-5_0-2_0-3@beef', null], { retryTimes: 0, anyPipeline: true })
  assert.is(any.tasks.length, 2)
})

test('generate-tasks --for: messages carry the digest of a pipeline, or none is sent', async () => {
  writeFileSync(file('chain.json'), 'cafe\n')
  const options = { chunkSize: [4, 5, 6], gridSize: [1, 1, 2], for: 'chain.json', queueName: 'fq://folder' }
  const { driver, events } = scriptedQueue([])
  const queues = serviceFamily({ fq: driver })
  await run(generateTasks, options, { queues })
  assert.equal(events, ['open folder', 'send 0-4_0-5_0-6@cafe', 'send 0-4_0-5_6-12@cafe'])
  const forgetful = scriptedQueue([], { keepsStamps: false })
  const others = serviceFamily({ fq: forgetful.driver })
  assert.is(await codeOf(run(generateTasks, options, { queues: others })), 'queue-stamps')
  assert.equal(forgetful.events, ['open folder'])
  assert.is(await codeOf(run(generateTasks, { ...options, queueName: undefined })), 'flag-missing')
  const broken = {
    running: undefined,
    digestOf: () => Promise.reject(chunkflowError('operator-unknown', 'no such operator')),
  }
  assert.match(
    await refusal(() => run(generateTasks, options, { queues, pipelines: broken })),
    'no such operator',
  )
  assert.is(events.length, 3, 'nothing was sent')
})

test('generate-tasks: the range is that of the whole list, whichever part of it a job does', async () => {
  const options = { chunkSize: [4, 5, 6], gridSize: [1, 1, 3] }
  const { tasks, range } = await run(generateTasks, { ...options, taskIndexStart: 1, taskIndexStop: 2 })
  assert.equal([namesOf(tasks), formatBox(range!)], [['0-4_0-5_6-12'], '0-4_0-5_0-18'])
})

test('cleanup deletes what matches, and refuses to empty the folder unasked', async () => {
  const fill = (): void => {
    mkdirSync(file('marks/sub.done'), { recursive: true })
    for (const [name, text] of Object.entries({ 'a.done': '', 'b.done': 'x', 'c.txt': '' }))
      writeFileSync(file(`marks/${name}`), text)
  }
  const remaining = async (options: Options, dryRun = false): Promise<string[]> => {
    fill()
    const { tasks, messages } = await run(cleanup, options, {}, dryRun)
    const left = await services.files.list('marks')
    assert.equal(tasks, [])
    if (!dryRun) assert.equal(messages.result, [`${left.length} entries remain in ${options.dir}`])
    return left
  }
  assert.equal(await remaining({ dir: 'marks', mode: 'empty', suffix: '.done' }), [
    'b.done',
    'c.txt',
    'sub.done',
  ])
  assert.equal(await remaining({ dir: 'marks', mode: 'not-empty' }), ['a.done', 'c.txt', 'sub.done'])
  assert.equal(await remaining({ dir: 'marks', mode: 'exist' }, true), [
    'a.done',
    'b.done',
    'c.txt',
    'sub.done',
  ])
  assert.equal(await remaining({ dir: 'marks' }), ['sub.done'])
  assert.is(await codeOf(run(cleanup, {})), 'flag-missing')
})

test('log-summary: by device, megavoxels a second, doubly encoded logs, timers some logs lack', async () => {
  mkdirSync(file('log'))
  const log = (device: string | undefined, timer: Record<string, number>) => ({
    timer,
    ...(device === undefined ? {} : { compute_device: device }),
  })
  const logs = {
    a: log('gpu', { load: 2, inference: 10 }),
    b: JSON.stringify(log('gpu', { inference: 30 })),
    c: log(undefined, { save: 4 }),
  }
  for (const [name, value] of Object.entries(logs))
    writeFileSync(file(`log/${name}.json`), JSON.stringify(value))
  writeFileSync(file('log/notes.txt'), 'no JSON')
  writeFileSync(file('log/list.json'), '[1]')
  const { messages, tasks } = await run(logSummary, { logDir: 'log', outputSize: [10, 1000, 1000] })
  assert.is(tasks.length, 1)
  const rows = (device: string) =>
    messages.result
      .filter((line) => line.startsWith(device))
      .map((line) => line.split(/ +/).slice(1).join(' '))
  assert.equal(rows('compute').slice(0, 1), ['device load inference save complete_task'])
  assert.equal(rows('gpu'), [
    '2 20 - 21',
    '2 30 - 30',
    '2 10 - 12',
    '5 0.5 - 0.47619',
    '0.000556 0.011111 - 0.011667',
  ])
  assert.is(rows('unknown')[0], '- - 4 4')
  assert.equal(
    messages.result.filter((line) => line.endsWith(':')),
    [
      'mean time (sec):',
      'max time (sec):',
      'min time (sec):',
      'mean speed (MVoxel/s):',
      'summation of time (hour):',
    ],
  )
  const unsized = await run(logSummary, { logDir: 'log' })
  assert.not.ok(unsized.messages.result.includes('mean speed (MVoxel/s):'))
  assert.is(await codeOf(run(logSummary, { logDir: 'marks' })), 'log-invalid')
})

test('log-summary: the speed of the manual, in megavoxels', async () => {
  mkdirSync(file('speed'))
  writeFileSync(file('speed/a.json'), JSON.stringify({ timer: { all: 193.12577 } }))
  const { messages } = await run(logSummary, { logDir: 'speed', outputSize: [156, 1280, 1280] })
  assert.match(messages.result.join('\n'), /mean speed \(MVoxel\/s\):\n.*\nunknown +1\.3234/)
})

test.run()
