import { boundingBox, type Chunk, createChunk, cutout, parseOptions } from '@chunkflow/sdk'
import { randomChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { refuses, setUp } from '../testing/set-up.js'
import createInfo from './create-info.js'
import downsampleUpload from './downsample-upload.js'
import loadPrecomputed from './load-precomputed.js'
import savePrecomputed from './save-precomputed.js'
import skipTask from './skip-task-by-blocks-in-volume.js'

const test = suite('downsample-upload, skip-task-by-blocks-in-volume')

const placed = { voxelOffset: [3, -8, 16], voxelSize: [40, 8, 4] }
async function readMip(run: ReturnType<typeof setUp>['run'], mip: number): Promise<Chunk> {
  return (await run(loadPrecomputed, { options: { mip } })).task.get<Chunk>('chunk')
}
/** Mean of 1×2×2 squares of the original, k times, truncated once. */
function exactMean(chunk: Chunk, levels: number): number[] {
  const [depth, height, width] = chunk.shape as [number, number, number]
  const side = 2 ** levels
  const means: number[] = []
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y += side)
      for (let x = 0; x < width; x += side) {
        let sum = 0
        for (let dy = 0; dy < side; dy++)
          for (let dx = 0; dx < side; dx++) sum += Number(chunk.data[(z * height + y + dy) * width + x + dx])
        means.push(Math.floor(sum / side ** 2))
      }
  return means
}

test('writes the mips asked for, by the factor of the volume', async () => {
  const { run, blocks, info } = setUp()
  const chunk = randomChunk([5, 16, 32], { dtype: 'uint8', ...placed })
  await run(createInfo, {
    options: { blockSize: [5, 4, 4], factor: [1, 2, 2], maxMip: 3 },
    variables: { chunk },
  })
  await run(downsampleUpload, { options: { startMip: 2, stopMip: 4 }, variables: { chunk } })
  assert.equal([...new Set(blocks().map((key) => key.split('/')[0]))], ['16_32_40', '32_64_40'])
  assert.is(info().scales.length, 4)
  for (const mip of [2, 3]) {
    const level = await readMip(run, mip)
    assert.equal(level.voxelOffset, [3, -8 / 2 ** mip, 16 / 2 ** mip])
    assert.equal([...level.data], exactMean(chunk, mip))
  }
})

test('adds the scales that are missing, in two passes (mips 1 to 2 from 0, then 3 from 2)', async () => {
  const { run, info, blocks } = setUp()
  const labels = randomChunk([4, 16, 16], { dtype: 'uint64', ...placed }, { limit: 3 })
  ;(labels.data as BigUint64Array).fill((1n << 63n) + 1n, 0, 700)
  await run(savePrecomputed, { options: { blockSize: [4, 2, 2] }, variables: { chunk: labels } })
  const options = { factor: [1, 2, 2], stopMip: 3 }
  const planned = await run(downsampleUpload, { options, variables: { chunk: labels }, dryRun: true })
  assert.match(planned.messages.info.join('\n'), 'would add 2 scales')
  assert.is(info().scales.length, 1)
  await run(downsampleUpload, { options, variables: { chunk: labels } })
  assert.equal(
    info().scales.map(({ key, size, voxel_offset }: Record<string, unknown>) => [key, size, voxel_offset]),
    [
      ['4_8_40', [16, 16, 4], [16, -8, 3]],
      ['8_16_40', [8, 8, 4], [8, -4, 3]],
      ['16_32_40', [4, 4, 4], [4, -2, 3]],
    ],
  )
  assert.is(info().mesh, 'mesh')
  const second = await readMip(run, 2)
  assert.is(second.data[0], (1n << 63n) + 1n)
  // the factor of the new scale follows the ones before
  await run(downsampleUpload, { options: { stopMip: 4 }, variables: { chunk: second }, globals: { mip: 2 } })
  assert.equal(info().scales[3].resolution, [32, 64, 40])
  assert.ok(blocks().some((key) => key.startsWith('32_64_40/')))
})

test('what lies beyond the volume has no part in its border', async () => {
  const { run } = setUp()
  const options = {
    dataType: 'uint8',
    volumeSize: [1, 5, 3],
    blockSize: [1, 4, 4],
    factor: [1, 2, 2],
    maxMip: 2,
  }
  await run(createInfo, { options })
  // a task of 8 x 8, read beyond the end of 5 x 3: zeros there
  const data = new Uint8Array(64)
  for (let y = 0; y < 5; y++) data.fill(100, 8 * y, 8 * y + 3)
  const chunk = createChunk(data, [1, 8, 8], { voxelSize: [1, 1, 1] })
  await run(downsampleUpload, { options: { stopMip: 3 }, variables: { chunk } })
  for (const [mip, count] of [
    [1, 6],
    [2, 2],
  ] as const) {
    const { data: voxels } = await readMip(run, mip)
    assert.equal([...voxels], new Array(count).fill(100))
  }
})

test('tasks whose size the blocks do not divide need --allow-unaligned', async () => {
  const { run } = setUp()
  const chunk = randomChunk([10, 8, 16], { dtype: 'uint8', voxelSize: [40, 4, 4] })
  const options = { blockSize: [4, 4, 4], factor: [1, 2, 2], maxMip: 1 }
  await run(createInfo, { options, variables: { chunk } })
  const halves = [0, 5].map((z) => cutout(chunk, boundingBox([z, 0, 0], [z + 5, 8, 16])))
  const said = await refuses(
    run(downsampleUpload, { options: { stopMip: 2 }, variables: { chunk: halves[0]! } }),
    'volume-misaligned',
  )
  assert.match(said, '--allow-unaligned')
  for (const half of halves)
    await run(downsampleUpload, { options: { stopMip: 2, allowUnaligned: true }, variables: { chunk: half } })
  assert.equal([...(await readMip(run, 1)).data], exactMean(chunk, 1))
})

test('labels of eight bits are not averaged in a segmentation', async () => {
  const { run } = setUp()
  const chunk = createChunk(new Uint8Array([7, 7, 9, 9, 7, 3, 9, 1]), [1, 2, 4], { voxelSize: [1, 1, 1] })
  await run(createInfo, {
    options: { blockSize: [1, 2, 2], layerType: 'segmentation' },
    variables: { chunk },
  })
  await run(downsampleUpload, { options: { factor: [1, 2, 2], stopMip: 2 }, variables: { chunk } })
  assert.equal([...(await readMip(run, 1)).data], [7, 9])
})

test('refuses what does not fit before it writes anything', async () => {
  const { run, blocks, info } = setUp()
  const chunk = randomChunk([4, 16, 16], { dtype: 'uint8' })
  await run(createInfo, {
    options: { blockSize: [4, 4, 4], volumeSize: [4, 32, 32], factor: [1, 2, 2], maxMip: 1 },
    variables: { chunk },
  })
  const upload = (options: object) =>
    run(downsampleUpload, { options: options as never, variables: { chunk } })
  await refuses(upload({ factor: [2, 2, 2] }), 'volume-mismatch')
  const message = await refuses(upload({ stopMip: 4 }), 'volume-misaligned')
  assert.match(message, 'multiples of 4 32 32 voxels')
  await refuses(upload({ startMip: 2, stopMip: 2 }), 'flag-invalid')
  await refuses(upload({ chunkMip: 2 }), 'volume-mip-missing')
  assert.equal([blocks(), info().scales.length], [[], 2])
  assert.throws(() => parseOptions(downsampleUpload, { volumePath: 'v', factor: [0, 1, 1] }), /at least 1/)
})

test('skips a task when all its blocks are stored', async () => {
  const { run } = setUp()
  const chunk = randomChunk([6, 8, 12], { dtype: 'uint8', ...placed })
  ;(chunk.data as Uint8Array).fill(1)
  await run(createInfo, { options: { blockSize: [2, 4, 8] }, variables: { chunk } })
  const { boxFromSize } = await import('@chunkflow/sdk')
  const outcome = async (start: [number, number, number], size: [number, number, number]) =>
    (await run(skipTask, { variables: { bbox: boxFromSize(start, size) } })).outcome?.kind
  assert.is(await outcome([3, -8, 16], [2, 4, 8]), undefined)
  const part = createChunk(new Uint8Array(2 * 8 * 12).fill(3), [2, 8, 12], { voxelOffset: [5, -8, 16] })
  await run(savePrecomputed, { variables: { chunk: part } })
  assert.is(await outcome([5, -8, 16], [2, 8, 12]), 'skip')
  // clipped to the volume in x
  assert.is(await outcome([5, -4, 16], [2, 4, 16]), 'skip')
  assert.is(await outcome([3, -8, 16], [4, 8, 8]), undefined)
  const bbox = boxFromSize([5, -8, 17], [2, 8, 8])
  await refuses(run(skipTask, { variables: { bbox } }), 'volume-misaligned')
})

test.run()
