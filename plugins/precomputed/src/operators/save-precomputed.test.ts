import { gunzipSync } from 'node:zlib'
import {
  boundingBox,
  boxFromSize,
  type Chunk,
  type ChunkflowError,
  createChunk,
  emptyChunk,
  parseOptions,
  type RawOptions,
  SILENT_PROGRESS,
  savePatch,
  zyx,
} from '@chunkflow/sdk'
import { ODD_PLACEMENT, randomChunk, recordingLogger, testTask } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { refuses, setUp, VOLUME } from '../testing/set-up.js'
import createInfo from './create-info.js'
import loadPrecomputed from './load-precomputed.js'
import savePrecomputed from './save-precomputed.js'

const test = suite('create-info, save-precomputed, load-precomputed')
test('creates the volume of a chunk and reads it back (T6, T7)', async () => {
  const { run, info, blocks } = setUp()
  const chunk = randomChunk([25, 150, 130], { dtype: 'uint8', voxelSize: [40, 4, 4] })
  const { task, messages } = await run(savePrecomputed, { variables: { chunk } })
  assert.match(messages.info.join('\n'), 'created file:///v')
  assert.ok(task.log.timer['save-precomputed']! > 0)
  const { type, data_type, num_channels, scales } = info()
  assert.equal([type, data_type, num_channels], ['image', 'uint8', 1])
  assert.equal(
    [scales[0].size, scales[0].voxel_offset, scales[0].chunk_sizes, scales[0].resolution, scales[0].key],
    [[130, 150, 25], [0, 0, 0], [[64, 64, 64]], [4, 4, 40], '4_4_40'],
  )
  assert.is(blocks().length, 9)
  assert.ok(blocks().includes('4_4_40/128-130_128-150_0-25.gz'))
  const loaded = await run(loadPrecomputed, { options: { chunkStart: [0, 0, 0], stop: [28, 120, 100] } })
  const read = loaded.task.get<Chunk>('chunk')
  assert.is(loaded.task.get('cutout_volume_path'), VOLUME)
  assert.equal([read.shape, read.voxelSize, read.layerType], [[28, 120, 100], [40, 4, 4], 'image'])
  for (let z = 0; z < 28; z++)
    for (let y = 0; y < 120; y += 7)
      for (let x = 0; x < 100; x++)
        if (read.data[(z * 120 + y) * 100 + x] !== (z < 25 ? chunk.data[(z * 150 + y) * 130 + x] : 0))
          assert.unreachable(`voxel ${z} ${y} ${x}`)
})

test('sizes a new volume by options, then by the tasks, then by the chunk', async () => {
  const chunk = randomChunk([8, 16, 16], { dtype: 'uint32', voxelOffset: [16, -16, 32] })
  const size = async (options: RawOptions, taskRange?: ReturnType<typeof boundingBox>) => {
    const { run, info } = setUp()
    const variables = { chunk, bbox: boxFromSize([16, -16, 32], [8, 16, 16]) }
    const { messages } = await run(savePrecomputed, {
      options: { blockSize: [8, 8, 16], ...options },
      variables,
      ...(taskRange === undefined ? {} : { taskRange }),
    })
    return [info().type, info().scales[0].voxel_offset, info().scales[0].size, messages.warn.length]
  }
  assert.equal(await size({}), ['segmentation', [32, -16, 16], [16, 16, 8], 1])
  const range = boundingBox([0, -32, 0], [30, 32, 64])
  assert.equal(await size({}, range), ['segmentation', [0, -32, 0], [64, 64, 30], 0])
  assert.equal(await size({ volumeStart: [8, -16, 0], volumeSize: [99, 98, 97] }, range), [
    'segmentation',
    [0, -16, 8],
    [97, 98, 99],
    0,
  ])
  const { run, objects } = setUp()
  const message = await refuses(
    run(savePrecomputed, { variables: { chunk }, taskRange: boundingBox([0, 0, 0], [8, 8, 8]) }),
    'volume-outside',
  )
  assert.match(message, '16-24_-16-0_32-48')
  await refuses(run(savePrecomputed, { variables: { chunk }, globals: { mip: 1 } }), 'volume-missing')
  assert.is(objects().size, 0)
})

test('the place of a new volume does not depend on which task comes first', async () => {
  let refusal = ''
  const place = async (
    voxelOffset: readonly [number, number, number],
    options: RawOptions,
    { queue = false, taskRange }: { queue?: boolean; taskRange?: ReturnType<typeof boundingBox> } = {},
  ) => {
    const { services, info, objects } = setUp()
    const chunk = randomChunk([8, 16, 16], { dtype: 'uint8', voxelOffset })
    const lease = { seconds: 9, extend: async () => {}, acknowledge: async () => {}, release: async () => {} }
    const task = {
      ...testTask({ chunk, bbox: boxFromSize(voxelOffset, [8, 16, 16]) }),
      lease: queue ? lease : undefined,
    }
    const parsed = parseOptions(savePrecomputed, { volumePath: VOLUME, blockSize: [8, 8, 16], ...options })
    const { logger } = recordingLogger()
    const step = await savePrecomputed.create({
      options: parsed as never,
      services: services as never,
      globals: { mip: 0, dryRun: false },
      name: 'save-precomputed',
      logger,
      workers: {},
      assets: {},
    })
    const context = {
      signal: new AbortController().signal,
      logger,
      progress: SILENT_PROGRESS,
      taskRange,
      onInterrupt: () => () => {},
    }
    try {
      await step.run(task, context)
    } catch (error) {
      assert.is(objects().size, 0)
      const { code, what, fix, retryable } = error as ChunkflowError
      refusal = `${code}: ${what} ${fix} ${retryable}`
      return undefined
    }
    return [info().scales[0].voxel_offset, info().scales[0].size]
  }
  const size = { volumeSize: [40, 64, 64] }
  // two workers, two tasks, one place; also for one that reaches beyond the end
  for (const queue of [true, false])
    for (const offset of [zyx(0, 0, 0), zyx(16, 32, 48), zyx(32, 48, 48), zyx(32, 56, 48)])
      assert.equal(await place(offset, size, { queue }), [
        [0, 0, 0],
        [64, 64, 40],
      ])
  assert.is(await place(zyx(16, -16, 32), size, { queue: true }), undefined)
  assert.match(refusal, /^volume-outside: .* from 0 0 0 give --volume-start.* true$/)
  assert.is(await place(zyx(40, 0, 0), size), undefined)
  assert.match(refusal, /^volume-outside: .* false$/)
  assert.equal(await place(zyx(16, -16, 32), { ...size, volumeStart: [0, -32, 0] }, { queue: true }), [
    [0, -32, 0],
    [64, 64, 40],
  ])
  // the range of the source is where the volume begins
  const taskRange = boundingBox([0, -32, 0], [40, 32, 64])
  assert.equal(await place(zyx(16, -16, 32), size, { taskRange }), [
    [0, -32, 0],
    [64, 64, 40],
  ])
  assert.is(await place(zyx(0, 0, 0), {}, { queue: true }), undefined)
  assert.match(refusal, /^volume-missing: .* one task of a queue .* give --volume-size.* true$/)
  assert.equal(await place(zyx(16, -16, 32), {}), [
    [32, -16, 16],
    [16, 16, 8],
  ])
})

test('converts floats and bytes both ways and warns of labels that do not fit', async () => {
  const { run } = setUp()
  const read = async () => [...(await run(loadPrecomputed)).task.get<Chunk>('chunk').data]
  const create = (dataType: string) =>
    run(createInfo, { options: { dataType, volumeSize: [1, 2, 3], blockSize: [1, 2, 2] } })
  await create('uint8')
  const floats = createChunk(new Float32Array([-1, 0, 0.5, 0.999, 1, 7]), [1, 2, 3])
  const { messages } = await run(savePrecomputed, { variables: { chunk: floats } })
  assert.match(messages.info.join(), 'multiplied by 255')
  assert.equal(await read(), [0, 0, 127, 254, 255, 255])
  assert.equal(
    [...floats.data].map((value) => Math.fround(value as number)),
    [-1, 0, 0.5, Math.fround(0.999), 1, 7],
  )
  await create('float32')
  await run(savePrecomputed, {
    variables: { chunk: createChunk(new Uint8Array([0, 1, 51, 128, 254, 255]), [1, 2, 3]) },
  })
  assert.equal(await read(), [0, 1 / 255, 0.2, 128 / 255, 254 / 255, 1].map(Math.fround))
  await create('uint32')
  const labels = createChunk(
    new BigUint64Array([0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n + 5n, 9n]),
    [1, 2, 3],
  )
  const narrowed = await run(savePrecomputed, { variables: { chunk: labels } })
  assert.match(narrowed.messages.warn.join(), '2 voxels')
  assert.equal(await read(), [0, 1, 2 ** 32 - 1, 0, 5, 9])
  const truth = createChunk(new Uint8Array([0, 1, 0, 1, 1, 0]), [1, 2, 3], { dtype: 'bool' })
  await create('uint8')
  await run(savePrecomputed, { variables: { chunk: truth } })
  assert.equal(await read(), [0, 1, 0, 1, 1, 0])
})

test('counts dropped voxels in the task log, warns once, and uploads the log as JSON', async () => {
  const { run, objects } = setUp()
  await run(createInfo, { options: { dataType: 'uint8', volumeSize: [2, 4, 4], blockSize: [2, 2, 2] } })
  const chunk = createChunk(new Uint8Array(3 * 4 * 4).fill(1), [3, 4, 4])
  const { task, messages } = await run(savePrecomputed, {
    options: { uploadLog: true, name: 'out' },
    variables: { chunk },
  })
  assert.equal(task.log.dropped_voxels, { out: 16 })
  assert.is(messages.warn.length, 1)
  const log = JSON.parse(Buffer.from(objects().get('log/0-3_0-4_0-4.json')!).toString())
  assert.equal(log.dropped_voxels, { out: 16 })
  assert.ok(log.timer.out > 0)
  await refuses(
    run(savePrecomputed, { options: { strictBounds: true }, variables: { chunk } }),
    'volume-outside',
  )
})

test('does not save a chunk below the threshold', async () => {
  const { run, objects } = setUp()
  const chunk = createChunk(new Float32Array([0, 0.2, 0.29]), [1, 1, 3])
  const options = { intensityThreshold: 0.3, uploadLog: true }
  const { messages } = await run(savePrecomputed, { options, variables: { chunk } })
  assert.is(objects().size, 0)
  assert.match(messages.info.join(), 'not saved')
  await run(savePrecomputed, {
    options: { intensityThreshold: 0.29 },
    variables: { chunk: createChunk(new Float32Array([0, 0.3]), [1, 1, 2]) },
  })
  assert.ok(objects().has('info'))
})

test('a dry run checks and describes, and writes nothing', async () => {
  const { run, objects } = setUp()
  const chunk = randomChunk([4, 6, 8], { dtype: 'uint8' })
  const options = { createThumbnail: true, uploadLog: true }
  const { messages } = await run(savePrecomputed, { options, variables: { chunk }, dryRun: true })
  assert.match(messages.info.join('\n'), 'would create file:///v (0-4_0-6_0-8) and write 1 blocks')
  assert.is(objects().size, 0)
  await run(createInfo, { options: { blockSize: [3, 3, 3] }, variables: { chunk }, dryRun: true })
  assert.is(objects().size, 0)
  await run(createInfo, { options: { blockSize: [3, 3, 3] }, variables: { chunk } })
  const before = objects().size
  const part = randomChunk([2, 6, 8], { dtype: 'uint8' })
  await refuses(run(savePrecomputed, { variables: { chunk: part }, dryRun: true }), 'volume-misaligned')
  const loaded = await run(loadPrecomputed, { dryRun: true })
  const pattern = loaded.task.get<Chunk>('chunk')
  assert.equal(pattern.shape, [4, 6, 8])
  assert.ok((pattern.data as Uint8Array).some((value) => value > 0))
  assert.is(objects().size, before)
})

test('arrives with zeros when the task was skipped to it', async () => {
  const { run, services, objects } = setUp()
  await run(createInfo, {
    options: {
      dataType: 'float32',
      channelNum: 3,
      volumeSize: [4, 6, 8],
      blockSize: [2, 3, 4],
      voxelSize: [40, 4, 4],
    },
  })
  const ones = emptyChunk('float32', [3, 4, 6, 8])
  ;(ones.data as Float32Array).fill(1)
  await run(savePrecomputed, { variables: { chunk: ones } })
  const options = parseOptions(savePrecomputed, { volumePath: VOLUME })
  const { logger } = recordingLogger()
  const step = await savePrecomputed.create({
    options: options as never,
    services,
    globals: { mip: 0, dryRun: false },
    name: 'save-precomputed',
    logger,
    workers: {},
    assets: {},
  })
  const task = testTask({ bbox: boundingBox([2, 0, 0], [4, 6, 4]) })
  await step.arriveSkipped!(task, {} as never)
  const zeros = task.get<Chunk>('chunk')
  assert.equal([zeros.shape, zeros.dtype, zeros.voxelOffset], [[3, 2, 6, 4], 'float32', zyx(2, 0, 0)])
  const { task: read } = await run(savePrecomputed, { variables: { chunk: zeros } })
  assert.ok(read)
  assert.is(objects().has('4_4_40/0-4_0-3_2-4.gz'), false)
  assert.is(objects().has('4_4_40/4-8_0-3_2-4.gz'), true)
})

test('writes a thumbnail of the last channel, level by level', async () => {
  const { run, info, objects } = setUp()
  const chunk = emptyChunk('float32', [2, 2, 64, 128], { voxelSize: [40, 4, 4], voxelOffset: [0, 64, 0] })
  ;(chunk.data as Float32Array).fill(0.5, 2 * 64 * 128)
  await run(savePrecomputed, {
    options: { createThumbnail: true, blockSize: [2, 32, 32] },
    variables: { chunk },
  })
  const thumbnail = info(`${VOLUME}/thumbnail`)
  assert.equal([thumbnail.type, thumbnail.data_type, thumbnail.num_channels], ['image', 'uint8', 1])
  assert.is(thumbnail.scales.length, 7)
  assert.equal(thumbnail.scales[5].resolution, [128, 128, 40])
  assert.equal(thumbnail.scales[5].chunk_sizes, [[2, 1, 2]])
  assert.equal(thumbnail.scales[5].size, [4, 2, 2])
  const block = gunzipSync(objects(`${VOLUME}/thumbnail`).get('128_128_40/2-4_2-3_0-2.gz')!)
  assert.equal([...block], [127, 127, 127, 127])
})

test('describes a chunk, or a volume without one (C18)', async () => {
  const { run, info } = setUp()
  const labels = randomChunk([128, 128, 128], { dtype: 'uint32' })
  await run(createInfo, {
    options: { voxelSize: [8, 8, 8], blockSize: [64, 64, 64] },
    variables: { chunk: labels },
  })
  assert.equal(
    [info().type, info().data_type, info().num_channels, info().mesh],
    ['segmentation', 'uint32', 1, 'mesh'],
  )
  const [scale] = info().scales
  assert.equal(
    [scale.size, scale.resolution, scale.key, scale.chunk_sizes, scale.voxel_offset],
    [[128, 128, 128], [8, 8, 8], '8_8_8', [[64, 64, 64]], [0, 0, 0]],
  )
  await run(createInfo, {
    options: {
      dataType: 'float32',
      channelNum: 3,
      volumeSize: [10, 21, 32],
      voxelOffset: [-3, 5, 7],
      voxelSize: [45, 8, 4],
      blockSize: [4, 8, 16],
      factor: [1, 2, 4],
      maxMip: 1,
    },
    variables: { chunk: null },
  })
  assert.equal([info().type, info().num_channels, info().mesh], ['image', 3, undefined])
  const coarse = info().scales[1]
  assert.equal(
    [coarse.size, coarse.resolution, coarse.voxel_offset, coarse.chunk_sizes],
    [[8, 11, 10], [16, 16, 45], [1, 2, -3], [[16, 8, 4]]],
  )
  await refuses(run(createInfo, { options: { blockSize: [4, 8, 16], dataType: 'uint8' } }), 'flag-missing')
  const again = { blockSize: [4, 8, 16], dataType: 'float64', volumeSize: [4, 5, 6] }
  const { messages } = await run(createInfo, { options: again })
  assert.match(messages.warn.join('\n'), 'replaced another info')
  assert.match(messages.warn.join('\n'), 'Neuroglancer does not show volumes of float64')
})

test('takes the box from options, else the task, else the volume, and grows it', async () => {
  const { run } = setUp()
  const chunk = randomChunk([4, 6, 8], { dtype: 'uint16', voxelOffset: [10, 20, 30], voxelSize: [3, 2, 1] })
  await run(savePrecomputed, { options: { blockSize: [2, 3, 4] }, variables: { chunk } })
  const box = async (options: RawOptions, variables = {}) => {
    const { task } = await run(loadPrecomputed, { options, variables: { ...variables } })
    const { voxelOffset, shape } = task.get<Chunk>('chunk')
    return [...voxelOffset, ...shape]
  }
  const bbox = boundingBox([11, 21, 31], [12, 23, 34])
  assert.equal(await box({}), [10, 20, 30, 4, 6, 8])
  assert.equal(await box({}, { bbox }), [11, 21, 31, 1, 2, 3])
  assert.equal(await box({ expandMarginSize: [1, 2, 3] }, { bbox }), [10, 19, 28, 3, 6, 9])
  assert.equal(await box({ chunkSize: [1, 1, 1] }, { bbox }), [10, 20, 30, 1, 1, 1])
  assert.equal(await box({ stop: [12, 25, 37] }), [10, 20, 30, 2, 5, 7])
  assert.equal(await box({ stop: [12, 25, 37], chunkSize: [1, 2, 3] }), [11, 23, 34, 1, 2, 3])
  await refuses(
    run(loadPrecomputed, { options: { chunkStart: [0, 0, 0], stop: [1, 1, 1], chunkSize: [2, 1, 1] } }),
    'flag-invalid',
  )
  await refuses(run(loadPrecomputed, { options: { mip: 1 } }), 'volume-mip-missing')
  await refuses(run(loadPrecomputed, { options: { volumePath: 'file:///none' } }), 'volume-missing')
})

test('blacks out the sections that the volume lists', async () => {
  const { run, services } = setUp()
  const chunk = createChunk(new BigUint64Array(3 * 2 * 2).fill((1n << 63n) + 1n), [3, 2, 2], {
    voxelOffset: [-1, 0, 0],
  })
  await run(savePrecomputed, { variables: { chunk } })
  await refuses(run(loadPrecomputed, { options: { blackoutSections: true } }), 'volume-info-invalid')
  const storage = await services.store.open(VOLUME)
  await storage.write('blackout_section_ids.json', Buffer.from('{"section_ids": [0, 7]}'))
  const { task } = await run(loadPrecomputed, { options: { blackoutSections: true } })
  const label = (1n << 63n) + 1n
  assert.equal(
    [...task.get<Chunk>('chunk').data],
    [label, label, label, label, 0n, 0n, 0n, 0n, label, label, label, label],
  )
})

test('--allow-unaligned changes blocks that the chunk covers in part', async () => {
  const { run, info } = setUp()
  const whole = randomChunk([10, 20, 30], { dtype: 'uint16', ...ODD_PLACEMENT })
  await run(savePrecomputed, { options: { blockSize: [4, 8, 8] }, variables: { chunk: whole } })
  const patch = createChunk(new Uint16Array(3 * 5 * 7).fill(9999), [3, 5, 7], {
    voxelOffset: [9, 0, 20],
    voxelSize: ODD_PLACEMENT.voxelSize,
  })
  const said = await refuses(run(savePrecomputed, { variables: { chunk: patch } }), 'volume-misaligned')
  assert.match(said, 'the whole blocks around it are 7-15_-3-5_19-27')
  assert.match(said, 'or give --allow-unaligned')
  await run(savePrecomputed, { options: { allowUnaligned: true }, variables: { chunk: patch } })
  savePatch(whole, patch)
  const { task } = await run(loadPrecomputed)
  assert.equal(task.get<Chunk>('chunk').data, whole.data)
  assert.is(info().scales[0].sharding, undefined)
})

test('volumes that are made may be sharded, with settings of their encoding', async () => {
  const { run, info, objects } = setUp()
  const chunk = randomChunk([8, 16, 32], { dtype: 'uint32', ...ODD_PLACEMENT }, { limit: 5 })
  const options = {
    blockSize: [4, 8, 8],
    encoding: 'compressed_segmentation',
    encodingSettings: '{"compressed_segmentation_block_size": [4, 4, 2]}',
    sharding: 'auto',
  }
  await run(savePrecomputed, { options, variables: { chunk } })
  const [scale] = info().scales
  assert.equal(scale.compressed_segmentation_block_size, [4, 4, 2])
  assert.is(scale.sharding['@type'], 'neuroglancer_uint64_sharded_v1')
  assert.equal([...objects().keys()].filter((key) => key.endsWith('.shard')).length, 1)
  assert.equal((await run(loadPrecomputed)).task.get<Chunk>('chunk').data, chunk.data)
  const sharding = '{"hash": "identity", "preshift_bits": 0, "minishard_bits": 1, "shard_bits": 4}'
  await run(createInfo, { options: { ...options, sharding }, variables: { chunk } })
  assert.equal(info().scales[0].sharding.shard_bits, 4)
  for (const wrong of ['shards', '[]', '{"hash": "md5"}'])
    await refuses(
      run(createInfo, { options: { ...options, sharding: wrong }, variables: { chunk } }),
      'flag-invalid',
    )
  const settings = { ...options, encodingSettings: 'best' }
  await refuses(run(createInfo, { options: settings, variables: { chunk } }), 'flag-invalid')
})

test('blocks are compressed as asked', async () => {
  const chunk = randomChunk([4, 8, 8], { dtype: 'uint8', voxelSize: [1, 1, 1] })
  for (const [options, suffix] of [
    [{}, '.gz'],
    [{ compression: 'br', compressionLevel: 11 }, '.br'],
    [{ compression: 'zstd' }, '.zstd'],
    [{ compression: 'none' }, ''],
    [{ compressionLevel: 0 }, ''],
    [{ compression: 'gzip', compressionLevel: 0 }, ''],
  ] as const) {
    const { run, blocks } = setUp()
    await run(savePrecomputed, { options: { blockSize: [4, 8, 8], ...options }, variables: { chunk } })
    assert.equal(blocks(), [`1_1_1/0-8_0-8_0-4${suffix}`])
    assert.equal(
      (await run(loadPrecomputed, { options: { cache: 1 } })).task.get<Chunk>('chunk').data,
      chunk.data,
    )
  }
  const { run } = setUp()
  const options = { compression: 'br', compressionLevel: 12 }
  await refuses(run(savePrecomputed, { options, variables: { chunk } }), 'flag-invalid')
})

test.run()
