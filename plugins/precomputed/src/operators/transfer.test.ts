import { boxFromSize, type Chunk, createChunk, zyx } from '@chunkflow/sdk'
import { randomChunk, runOperator, serviceFamily } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { refuses, setUp } from '../testing/set-up.js'
import { createPrecomputedFormat } from '../volume/format.js'
import createInfo from './create-info.js'
import downsampleUpload from './downsample-upload.js'
import loadPrecomputed from './load-precomputed.js'
import savePrecomputed from './save-precomputed.js'
import transfer from './transfer.js'

const test = suite('transfer')

const SOURCE = 'file:///source'
const placed = { voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] } as const
/** Labels up to 2^64 - 1 in ragged blocks, some of them all zero. */
function labels(): Chunk {
  const chunk = randomChunk([13, 40, 50], { dtype: 'uint64', ...placed }, { limit: 4 })
  const data = chunk.data as BigUint64Array
  for (let index = 0; index < data.length; index += 7) data[index] = 2n ** 64n - 1n - BigInt(index)
  data.fill(0n, 0, 5 * 40 * 50)
  return chunk
}

/** A pyramid at SOURCE, and operators with VOLUMES. */
async function setUpSource(chunk = labels()) {
  const { services, run, ...rest } = setUp()
  const volumes = serviceFamily({ precomputed: createPrecomputedFormat(services) })
  const all = { ...services, volumes }
  await run(createInfo, {
    options: { volumePath: SOURCE, blockSize: [5, 16, 16], factor: [1, 2, 2], maxMip: 2 },
    variables: { chunk },
  })
  await run(savePrecomputed, { options: { volumePath: SOURCE }, variables: { chunk } })
  const read = async (volumePath: string, mip = 0): Promise<Chunk> =>
    (await run(loadPrecomputed, { options: { volumePath, mip } })).task.get<Chunk>('chunk')
  return { run, read, chunk, services: all, ...rest }
}
type SetUp = Awaited<ReturnType<typeof setUpSource>>
const copy = (set: SetUp, options: object, more: object = {}) =>
  runOperator(transfer, {
    options: { sourceVolume: SOURCE, targetVolume: 'file:///copy', ...options },
    services: set.services,
    ...more,
  })

test('copies a scale bit for bit, into a target that has all scales and the same blocks', async () => {
  const set = await setUpSource()
  const { messages } = await copy(set, {})
  const result = await set.read('file:///copy')
  assert.equal(result.data, set.chunk.data)
  assert.equal(
    [result.voxelOffset, result.voxelSize, result.layerType],
    [placed.voxelOffset, placed.voxelSize, 'segmentation'],
  )
  const [from, to] = [set.info(SOURCE), set.info('file:///copy')]
  assert.equal(to.scales, from.scales)
  assert.equal(set.blocks('file:///copy'), set.blocks(SOURCE))
  assert.match(messages.info.join('\n'), 'created file:///copy: 3 scales, raw, blocks of 5 16 16')
})

test('other blocks, another encoding, whatever the memory', async () => {
  for (const [index, options] of [
    { blockSize: [4, 20, 30] },
    { blockSize: [13, 40, 50], encoding: 'compressed_segmentation' },
    { blockSize: [7, 11, 9], memory: 1 },
  ].entries()) {
    const set = await setUpSource()
    const targetVolume = `file:///copy-${index}`
    await copy(set, { ...options, targetVolume })
    assert.equal((await set.read(targetVolume)).data, set.chunk.data)
    assert.equal(set.info(targetVolume).scales[0].chunk_sizes, [[...options.blockSize].reverse()])
    assert.is(set.info(targetVolume).scales[0].encoding, options.encoding ?? 'raw')
  }
})

test('--all-mips copies what is coarser as well', async () => {
  const set = await setUpSource(
    randomChunk([10, 32, 64], { dtype: 'uint8', voxelOffset: [0, 0, 0], voxelSize: [40, 8, 4] }),
  )
  await set.run(downsampleUpload, {
    options: { volumePath: SOURCE, stopMip: 2 },
    variables: { chunk: set.chunk },
  })
  await copy(set, { allMips: true, blockSize: [10, 8, 8] })
  for (const mip of [0, 1, 2])
    assert.equal((await set.read('file:///copy', mip)).data, (await set.read(SOURCE, mip)).data)
  assert.ok((await set.read('file:///copy', 1)).data.some((value) => Number(value) !== 0))
  const bbox = boxFromSize(zyx(0, 0, 0), zyx(10, 8, 8))
  await refuses(copy(set, { allMips: true }, { variables: { bbox } }), 'flag-invalid')
})

test('tasks copy their boxes; what overhangs the volume is left out', async () => {
  const set = await setUpSource()
  for (const z of [7, 17]) {
    const bbox = boxFromSize(zyx(z, -3, 11), zyx(10, 64, 64))
    await copy(set, { blockSize: [5, 16, 16] }, { variables: { bbox } })
  }
  assert.equal((await set.read('file:///copy')).data, set.chunk.data)
  const outside = boxFromSize(zyx(100, 0, 0), zyx(5, 16, 16))
  const { messages } = await copy(set, {}, { variables: { bbox: outside } })
  assert.match(messages.warn.join('\n'), 'nothing to copy')
})

test('a task that covers blocks in part is refused before anything is written', async () => {
  const set = await setUpSource()
  const bbox = boxFromSize(zyx(9, -3, 11), zyx(5, 16, 16))
  await refuses(copy(set, {}, { variables: { bbox } }), 'volume-misaligned')
  assert.equal(set.blocks('file:///copy'), [])
})

test('copying again changes nothing; --resume writes only what is missing', async () => {
  const set = await setUpSource()
  await copy(set, {})
  const before = new Map(set.objects('file:///copy'))
  await copy(set, {})
  assert.equal([...set.objects('file:///copy')], [...before])
  const objects = set.objects('file:///copy') as Map<string, Uint8Array>
  const [lost] = set.blocks('file:///copy')
  objects.delete(lost!)
  const touched: string[] = []
  const write = objects.set.bind(objects)
  objects.set = (key, bytes) => {
    touched.push(key)
    return write(key, bytes)
  }
  // pieces of one block
  await copy(set, { resume: true, memory: 1 }, {})
  assert.ok(touched.includes(lost!))
  assert.equal((await set.read('file:///copy')).data, set.chunk.data)
})

test('a dry run says what would be, and makes nothing', async () => {
  const set = await setUpSource()
  const { messages } = await copy(set, { blockSize: [13, 40, 50] }, { dryRun: true })
  const said = messages.info.join('\n')
  assert.match(said, 'would create file:///copy with 3 scales')
  assert.match(said, 'would copy 7-20_-3-37_11-61 of mip 0 to file:///copy in 1 pieces')
  assert.is(set.objects('file:///copy').size, 0)
})

test('sources that are not there, targets that do not fit', async () => {
  const set = await setUpSource()
  await refuses(copy(set, { sourceVolume: 'file:///nothing' }), 'volume-missing')
  await refuses(copy(set, { targetVolume: `${SOURCE}/` }), 'flag-invalid')
  await refuses(copy(set, { mip: 3 }), 'volume-mip-missing')
  const image = createChunk(new Uint8Array(13 * 40 * 50).fill(1), [13, 40, 50], placed)
  await set.run(savePrecomputed, { options: { volumePath: 'file:///image' }, variables: { chunk: image } })
  await refuses(copy(set, { targetVolume: 'file:///image' }), 'volume-mismatch')
  await refuses(
    copy(set, { encoding: 'compressed_segmentation', sourceVolume: 'file:///image' }),
    'encoding-refused',
  )
})

test.run()
