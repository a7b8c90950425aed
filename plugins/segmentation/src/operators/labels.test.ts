import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type AnyOperator, type Chunk, createChunk, isChunkflowError } from '@chunkflow/sdk'
import {
  inlineCompute,
  memoryStore,
  randomChunk,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { countLabelPairs } from '../kernels/contingency.js'
import { scoreSegmentation, sixDigits } from '../kernels/scores.js'
import { parseIds } from '../kernels/selection.js'
import connectedComponents from './connected-components.js'
import evaluate from './evaluate-segmentation.js'
import maskOut from './mask-out-objects.js'
import printMaxId from './print-max-id.js'

const test = suite('labels')
const folder = temporaryFolder()
test.after(() => folder.remove())
const compute = inlineCompute()
const services = { compute, files: testFiles(folder.path), store: memoryStore() }
const run = (definition: AnyOperator, options: Record<string, unknown>, variables: Record<string, unknown>) =>
  runOperator(definition, { options: options as never, variables, services })
const labels = (values: number[], shape = [1, 3, 4]): Chunk =>
  createChunk(BigUint64Array.from(values, BigInt), shape)
const code = async (action: Promise<unknown>): Promise<string> => {
  try {
    await action
  } catch (error) {
    return isChunkflowError(error) ? error.code : String(error)
  }
  return 'none'
}
const close = (actual: number, expected: number, tolerance = 5e-7): void =>
  assert.ok(Math.abs(actual - expected) < tolerance, `${actual} is not ${expected}`)

const SEGMENTATION = labels([0, 1, 1, 1, 2, 2, 2, 1, 2, 2, 3, 3])
const GROUNDTRUTH = labels([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0])

test('scores have the values of the specification', async () => {
  const scores = scoreSegmentation(await countLabelPairs(SEGMENTATION, GROUNDTRUTH, { compute }), 0)
  close(scores.rand_split, 0.47541)
  close(scores.rand_merge, 0.674419)
  close(scores.voi_split, 1.305866)
  close(scores.voi_merge, 0.623159)
  close(scores.rand_index, 0.636364)
  close(scores.adjusted_rand_index, 0.175858)
  close(scores.variation_of_information, 1.760964)
  close(scores.fowlkes_mallows_index, 0.436564)
  assert.equal(scores.edit_distance, [2, 3])
})

test('prints both families, or one, and writes them', async () => {
  const { messages, task } = await run(
    evaluate,
    { json: 'scores.json' },
    { chunk: SEGMENTATION, groundtruth: GROUNDTRUTH },
  )
  assert.equal(messages.result.slice(0, 4), [
    'Rand split: 0.47541',
    'Rand merge: 0.674419',
    'VOI split: 1.30587',
    'VOI merge: 0.623159',
  ])
  assert.is(messages.result.length, 10)
  assert.equal(JSON.parse(readFileSync(path.join(folder.path, 'scores.json'), 'utf8')), task.get('seg_score'))
  assert.is(
    (await run(evaluate, { metric: 'voi' }, { chunk: SEGMENTATION, groundtruth: GROUNDTRUTH })).messages
      .result.length,
    2,
  )
  const same = (await run(evaluate, {}, { chunk: GROUNDTRUTH, groundtruth: GROUNDTRUTH })).messages.result
  assert.equal(same.slice(0, 5), [
    'Rand split: 1',
    'Rand merge: 1',
    'VOI split: 0',
    'VOI merge: 0',
    'Adapted Rand error: 0',
  ])
  assert.match(same.at(-2)!, '(0, 0)')
})

test('splits ground truth into pieces when asked', async () => {
  const truth = labels([5, 5, 0, 5, 5, 5, 0, 5, 5, 5, 0, 5])
  const pieces = labels([1, 1, 0, 2, 1, 1, 0, 2, 1, 1, 0, 2])
  const scores = async (splitComponents: boolean) =>
    (await run(evaluate, { splitComponents }, { chunk: pieces, groundtruth: truth })).task.get<{
      voi_split: number
    }>('seg_score')
  assert.is((await scores(true)).voi_split, 0)
  assert.ok((await scores(false)).voi_split > 0.5)
})

test('refuses volumes that cannot be compared', async () => {
  assert.is(
    await code(run(evaluate, {}, { chunk: SEGMENTATION, groundtruth: labels([1, 2], [1, 1, 2]) })),
    'evaluation-invalid',
  )
  assert.is(
    await code(
      run(evaluate, {}, { chunk: createChunk(new Float32Array(12), [1, 3, 4]), groundtruth: GROUNDTRUTH }),
    ),
    'evaluation-invalid',
  )
})

test('agrees with scikit-image and NumPy to 1e-9, with ids beyond 53 bits', async () => {
  const shape = [7, 33, 41]
  const base = 2n ** 63n
  const big = (seed: number, limit: number): Chunk => {
    const { data } = randomChunk(shape, { dtype: 'uint64' }, { seed, limit })
    return createChunk(
      (data as BigUint64Array).map((id) => (id === 0n ? 0n : base + id)),
      shape,
    )
  }
  const [segmentation, groundtruth] = [big(1, 90), big(2, 9)]
  writeFileSync(path.join(folder.path, 'a.raw'), segmentation.data as BigUint64Array)
  writeFileSync(path.join(folder.path, 'b.raw'), groundtruth.data as BigUint64Array)
  const program = `
import numpy as np, json
from skimage.metrics import variation_of_information, adapted_rand_error
a, b = (np.unique(np.fromfile(n, 'u8'), return_inverse=True)[1].reshape(7, 33, 41) for n in ('a.raw', 'b.raw'))
split, merge = variation_of_information(b, a, ignore_labels=(0,))
keep = b > 0
n = np.histogram2d(a[keep], b[keep], bins=(a.max() + 1, b.max() + 1), range=((-.5, a.max() + .5), (-.5, b.max() + .5)))[0]
are = adapted_rand_error(b, a, ignore_labels=(0,))[0]
print(json.dumps([split, merge, are, (n**2).sum() / (n.sum(0)**2).sum(), (n**2).sum() / (n.sum(1)**2).sum()]))`
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import skimage'], { stdio: 'ignore' })
  } catch {
    console.log('skipped: needs python3-skimage')
    return
  }
  const [split, merge, error, randSplit, randMerge] = JSON.parse(
    execFileSync('/usr/bin/python3', ['-c', program], { cwd: folder.path, encoding: 'utf8' }),
  ) as number[]
  const scores = scoreSegmentation(await countLabelPairs(segmentation, groundtruth, { compute }))
  // scikit-image names its two values by false splits of the first image and false merges
  close(scores.voi_split, split!, 1e-9)
  close(scores.voi_merge, merge!, 1e-9)
  close(scores.adapted_rand_error, error!, 1e-9)
  close(scores.rand_split, randSplit!, 1e-9)
  close(scores.rand_merge, randMerge!, 1e-9)
})

test('counts of pairs survive a table that must grow', async () => {
  const count = 300_000
  const first = createChunk(
    Uint32Array.from({ length: count }, (_, index) => index),
    [1, 1, count],
  )
  const pairs = await countLabelPairs(first, first, { compute })
  assert.is(pairs.length, count)
  assert.ok(pairs.every((pair) => pair.count === 1 && pair.segmentation === pair.groundtruth))
})

test('connected-components of a map, in raster order', async () => {
  const map = createChunk(new Float32Array([0.9, 0, 0.2, 0, 0.8, 0, 0.7, 0, 0.05]), [1, 3, 3], {
    voxelOffset: [7, -3, 11],
  })
  const six = (await run(connectedComponents, { threshold: 0.1 }, { chunk: map })).task.get<Chunk>('chunk')
  assert.equal([...six.data], [1, 0, 2, 0, 3, 0, 4, 0, 0])
  assert.equal([six.layerType, six.voxelOffset], ['segmentation', [7, -3, 11]])
  const all = (
    await run(connectedComponents, { threshold: 0.1, connectivity: '26' }, { chunk: map })
  ).task.get<Chunk>('chunk')
  assert.equal([...all.data], [1, 0, 1, 0, 1, 0, 1, 0, 0])
  assert.is(await code(run(connectedComponents, {}, { chunk: map })), 'dtype-unsupported')
})

test('mask-out-objects: dust first, then the selection, exact beyond 53 bits', async () => {
  const id = 2n ** 63n + 1n
  const chunk = createChunk(BigUint64Array.from([id, id, id, id + 1n, 7n, 7n, 0n, 9n]), [2, 2, 2], {
    voxelOffset: [1, 2, 3],
  })
  const masked = async (options: Record<string, unknown>): Promise<bigint[]> => [
    ...((await run(maskOut, options, { chunk })).task.get<Chunk>('chunk').data as BigUint64Array),
  ]
  assert.equal(await masked({ dustSizeThreshold: 1 }), [id, id, id, 0n, 7n, 7n, 0n, 0n])
  assert.equal(await masked({ selectedObjIds: `${id},9` }), [id, id, id, 0n, 0n, 0n, 0n, 9n])
  assert.equal(await masked({ dustSizeThreshold: 1, selectedObjIds: '7, 9' }), [
    0n,
    0n,
    0n,
    0n,
    7n,
    7n,
    0n,
    0n,
  ])
  writeFileSync(path.join(folder.path, 'ids.json'), `[${id + 1n}]`)
  assert.equal((await masked({ selectedObjIds: 'ids.json' }))[3], id + 1n)
  await (await services.store.open('s3://bucket/list')).write('ids.json', Buffer.from('["9"]'))
  assert.equal((await masked({ selectedObjIds: 's3://bucket/list/ids.json' }))[7], 9n)
  assert.is(await code(masked({ selectedObjIds: '4,x' })), 'selection-invalid')
  assert.throws(() => parseIds('[]', 'x'), /empty/)
})

test('print-max-id is exact', async () => {
  const { messages } = await run(
    printMaxId,
    {},
    { chunk: createChunk(BigUint64Array.from([5n, 2n ** 64n - 1n]), [1, 1, 2]) },
  )
  assert.equal(messages.result, ['maximum id: 18446744073709551615'])
})

test('numbers are printed with six digits as C++ does', () => {
  assert.equal([1, 0, 0.958776, 123456.7, 1234567, 0.0000123456789].map(sixDigits), [
    '1',
    '0',
    '0.958776',
    '123457',
    '1.23457e+06',
    '1.23457e-05',
  ])
})

test.run()
