import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Chunk, createChunk } from '@chunkflow/sdk'
import { codeOf, inlineCompute, runOperator, temporaryFolder, testFiles } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import evaluate from './evaluate-segmentation.js'

const test = suite('evaluate-segmentation')
const folder = temporaryFolder()
test.after(() => folder.remove())
const services = { compute: inlineCompute(), files: testFiles(folder.path) }

const labels = (values: readonly number[], properties = {}): Chunk =>
  createChunk(BigUint64Array.from(values, BigInt), [1, 3, 4], properties)
const SEGMENTATION = labels([0, 1, 1, 1, 2, 2, 2, 1, 2, 2, 3, 3])
const GROUNDTRUTH = labels([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0])

const run = (
  options: Record<string, unknown> = {},
  chunk = SEGMENTATION,
  groundtruth = GROUNDTRUTH,
  dryRun = false,
) => runOperator(evaluate, { options: options as never, variables: { chunk, groundtruth }, services, dryRun })

test('prints both families', async () => {
  assert.equal((await run()).messages.result, [
    'Rand split: 0.47541',
    'Rand merge: 0.674419',
    'VOI split: 1.30587',
    'VOI merge: 0.623159',
    'Adapted Rand error: 0.560976',
    'rand index: 0.636',
    'adjusted rand index: 0.176',
    'variation of information: 1.761',
    'edit distance: (0, 0)',
    'Fowlkes Mallows Index: 0.437',
  ])
})

test('--metric selects, --json writes all scores', async () => {
  const { messages, task } = await run({ metric: 'voi', json: 'scores.json' })
  assert.equal(messages.result, ['VOI split: 1.30587', 'VOI merge: 0.623159'])
  const written = JSON.parse(readFileSync(path.join(folder.path, 'scores.json'), 'utf8'))
  assert.equal(written, task.get('seg_score'))
  assert.equal(written.edit_distance, [0, 0])
})

test('a dry run writes nothing', async () => {
  const { messages, task } = await run({ json: 'never.json' }, SEGMENTATION, GROUNDTRUTH, true)
  assert.not(existsSync(path.join(folder.path, 'never.json')))
  assert.match(messages.info[0]!, /would write .*never\.json/)
  assert.ok(task.has('seg_score'))
})

test('equal volumes print 1 1 0 0', async () => {
  const { messages } = await run({}, GROUNDTRUTH)
  assert.equal(messages.result.slice(0, 5), [
    'Rand split: 1',
    'Rand merge: 1',
    'VOI split: 0',
    'VOI merge: 0',
    'Adapted Rand error: 0',
  ])
})

test('ground truth may be split into pieces first', async () => {
  const truth = labels([5, 5, 0, 5, 5, 5, 0, 5, 5, 5, 0, 5])
  const pieces = labels([1, 1, 0, 2, 1, 1, 0, 2, 1, 1, 0, 2])
  const split = async (splitComponents: boolean): Promise<number> =>
    (await run({ splitComponents }, pieces, truth)).task.get<{ voi_split: number }>('seg_score').voi_split
  assert.is(await split(true), 0)
  assert.ok((await split(false)) > 0.5)
})

test('warns of empty ground truth, and of places that differ', async () => {
  const nothing = await run({}, SEGMENTATION, labels(new Array(12).fill(0)))
  assert.match(nothing.messages.warn[0]!, /0 everywhere/)
  const elsewhere = await run(
    {},
    labels([...SEGMENTATION.data].map(Number), { voxelOffset: [1, 2, 3], voxelSize: [40, 8, 4] }),
    labels([...GROUNDTRUTH.data].map(Number), { voxelSize: [40, 4, 4] }),
  )
  assert.match(elsewhere.messages.warn[0]!, /offset \(1 2 3 and 0 0 0\)/)
  assert.match(elsewhere.messages.warn[1]!, /voxel size \(40 8 4 and 40 4 4\)/)
})

test('refuses volumes that cannot be compared', async () => {
  const code = (chunk: Chunk): Promise<string> => codeOf(run({}, chunk))
  assert.is(await code(createChunk(new Uint32Array(2), [1, 1, 2])), 'evaluation-invalid')
  assert.is(await code(createChunk(new Float32Array(12), [1, 3, 4])), 'labels-invalid')
  const type = (shape: number[]) => ({ kind: 'chunk' as const, shape })
  assert.throws(
    () =>
      evaluate.infer!(
        { segmentationChunkName: type([1, 3, 4]), groundtruthChunkName: type([1, 4, 3]) },
        {} as never,
      ),
    /1×3×4 voxels cannot be compared/,
  )
})

test.run()
