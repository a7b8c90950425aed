import { boxFromSize, emptyChunk, zyx } from '@chunkflow/sdk'
import { ODD_PLACEMENT, randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { refuses, setUp, VOLUME } from '../testing/set-up.js'
import createInfo from './create-info.js'
import save from './save-precomputed.js'
import skipTask from './skip-task-by-blocks-in-volume.js'
import verify from './verify-volume.js'

const test = suite('verify-volume')

/** Offset 7 -3 11, blocks of 2 x 4 x 8 over 5 x 9 x 14 voxels: 3 x 3 x 2 of them, the last ones cut. */
const LAYOUT = { volumeStart: [7, -3, 11], volumeSize: [5, 9, 14], blockSize: [2, 4, 8] }
const START = zyx(7, -3, 11)

const SHARDED = {
  blockSize: [2, 4, 8],
  sharding: '{"hash": "identity", "preshift_bits": 0, "minishard_bits": 1, "shard_bits": 2}',
}

/** Two tasks: the planes up to 9, random; the others, zeros. */
async function written({ log = true, second = true } = {}) {
  const shop = setUp()
  const files = new Map<string, string>()
  const withFiles = {
    ...shop.services,
    files: {
      write: async (path: string, bytes: Uint8Array) => void files.set(path, Buffer.from(bytes).toString()),
      resolve: (path: string) => `/abs/${path}`,
    },
  }
  const first = randomChunk([2, 9, 14], { dtype: 'uint8', ...ODD_PLACEMENT, voxelOffset: START })
  const options = { ...LAYOUT, uploadLog: log }
  await shop.run(save, {
    options,
    variables: { chunk: first, bbox: boxFromSize(START, zyx(2, 9, 14)) },
  })
  if (second)
    await shop.run(save, {
      options: { uploadLog: log },
      variables: {
        chunk: emptyChunk('uint8', [3, 9, 14], { voxelOffset: zyx(9, -3, 11) }),
        bbox: boxFromSize(zyx(9, -3, 11), zyx(3, 9, 14)),
      },
    })
  const look = (options: Record<string, unknown> = {}, more = {}) =>
    shop.run(verify, { options, services: withFiles, ...more } as never)
  return { ...shop, look, files }
}

test('zeros count as written when the log names their box', async () => {
  const { look, blocks } = await written()
  assert.is(blocks().length, 6)
  const { messages } = await look()
  assert.equal(messages.result, [
    `mip 0 of ${VOLUME}, 7-12_-3-6_11-25: 18 blocks of 2×4×8`,
    'stored 6',
    'zeros  12, which the log tells of',
    'lost   0',
  ])
})

test('without a log, or without its task, missing blocks are lost', async () => {
  const unlogged = await written({ log: false })
  assert.match(await refuses(unlogged.look(), 'volume-incomplete'), 'Blocks are missing in 12 boxes')
  const undone = await written({ second: false })
  const told = await refuses(
    undone.look({ chunkSize: [2, 12, 16], taskFile: 'lost.txt' }),
    'volume-incomplete',
  )
  assert.match(told, 'Blocks are missing in 2 boxes: 9-11_-3-9_11-27, 11-13_-3-9_11-27')
  assert.match(told, 'generate-tasks --boxes lost.txt')
  assert.is(undone.files.get('lost.txt'), '9,-3,11,11,9,27\n11,-3,11,13,9,27\n')
  const disbelieved = await written()
  assert.match(await refuses(disbelieved.look({ log: false }), 'volume-incomplete'), '12 boxes')
})

test('a block that vanished is found, in whatever file it would be; strange files are not counted', async () => {
  const { look, objects } = await written({ log: false, second: false })
  const [key] = [...objects().keys()].filter((name) => name.endsWith('_-3-1_7-9.gz')).sort()
  assert.is(key, '4_8_40/11-19_-3-1_7-9.gz')
  const bytes = objects().get(key!)!
  objects().delete(key!)
  // not of the grid; not ended at the end of the volume
  objects().set('4_8_40/12-20_-3-1_7-9.gz', bytes)
  objects().set('4_8_40/11-19_-3-1_7-10', bytes)
  objects().set('4_8_40/notes', bytes)
  assert.match(await refuses(look(), 'volume-incomplete'), '13 boxes')
  // CloudVolume may have written it without compression
  objects().set('4_8_40/11-19_-3-1_7-9', bytes)
  assert.match(await refuses(look(), 'volume-incomplete'), '12 boxes')
})

test('blocks in shards are asked for', async () => {
  const shop = setUp()
  const chunk = randomChunk([5, 9, 14], { dtype: 'uint8', ...ODD_PLACEMENT, voxelOffset: START })
  ;(chunk.data as Uint8Array).fill(0, 0, 2 * 9 * 14)
  await shop.run(createInfo, {
    options: { ...SHARDED, volumeSize: [5, 9, 14], voxelOffset: [7, -3, 11] },
    variables: { chunk },
  })
  await shop.run(save, { variables: { chunk } })
  const services = { ...shop.services, files: {} }
  const told = await refuses(shop.run(verify, { services }), 'volume-incomplete')
  assert.match(told, '6 boxes')
})

test('a run that is resumed skips tasks of zeros that the log names', async () => {
  const { run } = await written()
  const outcome = async (size: readonly number[], options = {}) => {
    const bbox = boxFromSize(zyx(9, -3, 11), zyx(...(size as [number, number, number])))
    return (await run(skipTask, { options, variables: { bbox } })).outcome?.kind
  }
  assert.is(await outcome([3, 9, 14]), undefined)
  assert.is(await outcome([3, 9, 14], { logged: true }), 'skip')
  assert.is(await outcome([2, 8, 8], { logged: true }), undefined)
})

test('the log of one scale says nothing of another', async () => {
  const { look, run, objects } = await written()
  const box = boxFromSize(zyx(9, -3, 11), zyx(3, 9, 14))
  // another scale of the same grid, which nobody wrote
  const info = JSON.parse(Buffer.from(objects().get('info')!).toString())
  info.scales.push({ ...info.scales[0], key: '8_16_80', resolution: [8, 16, 80] })
  objects().set('info', Buffer.from(JSON.stringify(info)))
  assert.match(await refuses(look({ mip: 1 }), 'volume-incomplete'), '18 boxes')
  const outcome = async (mip: number) =>
    (await run(skipTask, { options: { logged: true, mip }, variables: { bbox: box } })).outcome?.kind
  assert.equal([await outcome(0), await outcome(1)], ['skip', undefined])
  // other programs do not tell the scale
  const key = 'log/9-12_-3-6_11-25.json'
  assert.is(JSON.parse(Buffer.from(objects().get(key)!).toString()).mip, 0)
  objects().set(key, Buffer.from('{"timer": {}}'))
  assert.match(await refuses(look({ mip: 1 }), 'volume-incomplete'), '6 boxes')
  assert.is(await outcome(1), 'skip')
})

test('a block with voxels that vanished from a logged box is lost, with the zeros of its box', async () => {
  const { look, objects } = await written()
  objects().delete('4_8_40/11-19_-3-1_7-9.gz')
  assert.match(await refuses(look(), 'volume-incomplete'), 'Blocks are missing in 1 box')
  // all blocks of the second task are of zeros, as its log tells
  const zeros = await written()
  await zeros.look()
  // a log of another program does not count them
  const key = 'log/9-12_-3-6_11-25.json'
  const log = JSON.parse(Buffer.from(zeros.objects().get(key)!).toString())
  assert.is(log.zero_blocks, 12)
  zeros.objects().set(key, Buffer.from(JSON.stringify({ ...log, zero_blocks: undefined })))
  await zeros.look()
  zeros.objects().set(key, Buffer.from(JSON.stringify({ ...log, zero_blocks: 11 })))
  assert.match(await refuses(zeros.look(), 'volume-incomplete'), '12 boxes')
})

test('boxes that cut blocks are refused', async () => {
  const { look } = await written()
  assert.match(await refuses(look({ chunkSize: [3, 4, 8] }), 'volume-misaligned'), 'a multiple of 2 4 8')
  // but for those that reach the end of the volume
  await look({ chunkSize: [2, 9, 14] })
})

test('a dry run looks, and writes no file', async () => {
  const { look, files } = await written({ second: false })
  assert.match(
    await refuses(look({ taskFile: 'lost.txt' }, { dryRun: true }), 'volume-incomplete'),
    '12 boxes',
  )
  assert.is(files.size, 0)
})

test('a complete volume has an empty task file', async () => {
  const { look, files } = await written()
  await look({ taskFile: 'lost.txt' })
  assert.is(files.get('lost.txt'), '')
})

test.run()
