import { existsSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  boxFromSize,
  type Chunk,
  createChunk,
  emptyChunk,
  formatBox,
  isChunkflowError,
  zyx,
} from '@chunkflow/sdk'
import { codeOf, rampChunk, runOperator, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BOX, BOX_NAME, servicesIn } from '../testing/fixtures.js'
import adjustBbox from './adjust-bbox.js'
import copyVar from './copy-var.js'
import debug from './debug.js'
import deleteTaskInQueue from './delete-task-in-queue.js'
import deleteVar from './delete-var.js'
import markComplete from './mark-complete.js'
import skipAllZero from './skip-all-zero.js'
import skipNone from './skip-none.js'
import skipTaskByFile from './skip-task-by-file.js'

const test = suite('steps')
const folder = temporaryFolder()
test.after(() => folder.remove())
const services = servicesIn(folder.path)
const file = (name: string): string => path.join(folder.path, name)
const AT = { voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] }

test('adjust-bbox adds to both corners', async () => {
  const { task, messages } = await runOperator(adjustBbox, {
    options: { cornerOffset: [-1, 0, 2, 3, 0, -2] },
    variables: { bbox: BOX },
  })
  assert.is(formatBox(task.get('bbox')), '6-15_-3-6_13-23')
  assert.match(messages.info[0]!, '6-15_-3-6_13-23')
  const options = { cornerOffset: [0, 0, 0, 0, 0, 0] }
  assert.is(await codeOf(runOperator(adjustBbox, { options })), 'task-no-bbox')
  assert.is(await codeOf(runOperator(adjustBbox, { variables: { bbox: BOX } })), 'flag-missing')
})

for (const place of ['done/', 'mem://bucket/done/'])
  test(`mark-complete and skip-task-by-file speak the same names: ${place}`, async () => {
    const options = { prefix: place, suffix: '.txt' }
    const skips = async (mode: string): Promise<boolean> =>
      (
        await runOperator(skipTaskByFile, {
          options: { ...options, mode },
          variables: { bbox: BOX },
          services,
        })
      ).outcome?.kind === 'skip'
    assert.equal([await skips('exist'), await skips('missing'), await skips('empty')], [false, true, true])
    const dry = await runOperator(markComplete, { options, variables: { bbox: BOX }, services, dryRun: true })
    assert.match(dry.messages.info[0]!, `${place}${BOX_NAME}.txt`)
    assert.is(await skips('missing'), true)
    await runOperator(markComplete, { options, variables: { bbox: BOX }, services })
    assert.equal([await skips('exist'), await skips('missing'), await skips('empty')], [true, false, true])
    if (place === 'done/') writeFileSync(file(`done/${BOX_NAME}.txt`), 'x')
    else await (await services.store.open('mem://bucket/done')).write(`${BOX_NAME}.txt`, new Uint8Array(1))
    assert.equal([await skips('exist'), await skips('empty')], [true, false])
    await runOperator(markComplete, { options, variables: { bbox: BOX }, services })
    assert.is(await skips('empty'), false)
    const grown = await runOperator(skipTaskByFile, {
      options: { ...options, adjustSize: 1 },
      variables: { bbox: boxFromSize(zyx(8, -2, 12), zyx(3, 7, 12)) },
      services,
    })
    assert.is(grown.outcome?.kind, 'skip')
  })

test('a mark needs a folder to lie in', async () => {
  const options = { prefix: 's3://bucket-' }
  assert.is(
    await codeOf(runOperator(markComplete, { options, variables: { bbox: BOX }, services })),
    'flag-invalid',
  )
})

test('skip-all-zero looks at every voxel and leaves a mark', async () => {
  const outcome = async (chunk: Chunk) =>
    (await runOperator(skipAllZero, { options: { prefix: 'zero-' }, variables: { chunk }, services })).outcome
      ?.kind
  const lastVoxel = emptyChunk('uint8', [5, 9, 14], AT)
  lastVoxel.data[lastVoxel.data.length - 1] = 1
  assert.is(await outcome(lastVoxel), undefined)
  assert.not.ok(existsSync(file(`zero-${BOX_NAME}`)))
  assert.is(await outcome(emptyChunk('uint16', [5, 9, 14], AT)), 'skip')
  assert.is(statSync(file(`zero-${BOX_NAME}`)).size, 0)
  writeFileSync(file(`zero-${BOX_NAME}`), 'kept')
  assert.is(await outcome(emptyChunk('uint16', [5, 9, 14], AT)), 'skip')
  assert.is(statSync(file(`zero-${BOX_NAME}`)).size, 4)
  const byTask = await runOperator(skipAllZero, {
    options: { prefix: 'task-', chunkBbox: false, adjustSize: -1 },
    variables: { chunk: emptyChunk('float32', [1, 1, 1]), bbox: BOX },
    services,
  })
  assert.is(byTask.outcome?.kind, 'skip')
  assert.ok(existsSync(file('task-8-11_-2-5_12-24')))
  const unmarked = await runOperator(skipAllZero, {
    options: { prefix: 'dry-' },
    variables: { chunk: emptyChunk('uint8', [1, 1, 1]) },
    services,
    dryRun: false,
    globals: { dryRun: true },
  })
  assert.is(unmarked.outcome?.kind, 'skip')
  assert.not.ok(existsSync(file('dry-0-1_0-1_0-1')))
})

test('skip-none marks by the task box', async () => {
  const { outcome } = await runOperator(skipNone, {
    options: { prefix: 'none-' },
    variables: { bbox: BOX, chunk: null },
    services,
  })
  assert.is(outcome?.kind, 'skip')
  assert.ok(existsSync(file(`none-${BOX_NAME}`)))
  const options = { touch: false }
  assert.is((await runOperator(skipNone, { options, variables: { chunk: 1 }, services })).outcome, undefined)
  const untouched = await runOperator(skipNone, { options, variables: { chunk: null }, services })
  assert.is(untouched.outcome?.kind, 'skip')
})

test('skip-none wants a prefix before anything runs', () => {
  try {
    skipNone.infer!({}, { touch: true, prefix: undefined } as never)
    assert.unreachable()
  } catch (error) {
    assert.ok(isChunkflowError(error))
    assert.is(error.code, 'flag-missing')
  }
})

test('copy-var copies voxels unless told to share them', async () => {
  const chunk = rampChunk([2, 3, 4], { dtype: 'uint16', ...AT })
  const deep = (await runOperator(copyVar, { options: { toName: 'copy' }, variables: { chunk } })).task
  const copy = deep.get<Chunk>('copy')
  assert.is.not(copy.data, chunk.data)
  assert.equal([...copy.data], [...chunk.data])
  assert.equal(copy.voxelOffset, [7, -3, 11])
  const options = { toName: 'copy', deepCopy: false }
  const shallow = (await runOperator(copyVar, { options, variables: { chunk } })).task
  assert.is(shallow.get<Chunk>('copy').data, chunk.data)
  const nothing = (await runOperator(copyVar, { options: { toName: 'copy' }, variables: { chunk: null } }))
    .task
  assert.is(nothing.get('copy'), null)
})

test('delete-var removes every name, and misses what is not there', async () => {
  const { task } = await runOperator(deleteVar, {
    options: { varNames: ['a', 'b'] },
    variables: { a: 1, b: 2, c: 3 },
  })
  assert.equal(task.names(), ['c'])
  assert.is(await codeOf(runOperator(deleteVar, { options: { varNames: ['z'] } })), 'task-variable-missing')
})

test('debug prints every kind of variable, 64-bit values exactly', async () => {
  const { messages } = await runOperator(debug, {
    variables: {
      seg: createChunk(new BigUint64Array([5n, 2n ** 64n - 1n]), [1, 1, 2]),
      map: createChunk(new Float32Array([Number.NaN, 0.5, -2]), [1, 1, 3], AT),
      bbox: BOX,
      bbox_index: 3,
      list: [1, 2],
      record: { resolution: new Int32Array(3), name: 'x' },
      nothing: null,
    },
  })
  assert.equal(messages.result, [
    'seg: uint64 1×1×2 at 0 0 0, segmentation, voxel size unknown, 5 to 18446744073709551615',
    'map: float32 1×1×3 at 7 -3 11, unknown, voxel size 40 8 4 nm, -2 to 0.5, 1 NaN',
    `bbox: ${BOX_NAME}`,
    'bbox_index: 3',
    'list: a list of 2',
    'record: { resolution: Int32Array of 3, name: "x" }',
    'nothing: null',
    'log: {"timer":{}}',
  ])
})

test('delete-task-in-queue needs a task from a queue', async () => {
  assert.is(await codeOf(runOperator(deleteTaskInQueue)), 'queue-failed')
  assert.match((await runOperator(deleteTaskInQueue, { dryRun: true })).messages.info[0]!, 'would delete')
})

test.run()
