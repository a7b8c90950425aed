import { boxFromSize, formatBox, type NewVolume, type VolumeFormat, zyx } from '@chunkflow/sdk'
import { codeOf, refusal, runSource, serviceFamily } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { scriptedQueue } from '../testing/fixtures.js'
import setupEnv from './setup-env.js'

const test = suite('setup-env')

/** A format that keeps what is created, over some volumes that are there. */
function volumesWith(present: Readonly<Record<string, object>> = {}) {
  const made: Record<string, NewVolume> = {}
  const asked: string[] = []
  const format: VolumeFormat = {
    matches: async (path) => path in present,
    open: async (path) => {
      asked.push(path)
      return { description: present[path] } as never
    },
    create: async (path, volume) => {
      made[path] = volume
      return {} as never
    },
  }
  return { volumes: serviceFamily({ precomputed: format }), made, asked }
}

const existing = (mips: number) => ({
  channels: 3,
  dtype: 'float32',
  scales: Array.from({ length: mips }, (_, mip) => ({
    mip,
    box: boxFromSize(zyx(100, 64 / 2 ** mip, 0), zyx(150, 5000 / 2 ** mip, 4000 / 2 ** mip)),
    blockSize: zyx(50, 272, 272),
    voxelSizeNm: zyx(45, 8 * 2 ** mip, 8 * 2 ** mip),
  })),
})

/** T14 of the tutorial. */
const T14 = {
  layerPath: 'gs://my-bucket/my/output/layer/path',
  maxRamSize: 14,
  outputPatchSize: [20, 256, 256],
  channelNum: 3,
  mip: 1,
  thumbnail: true,
  encoding: 'raw',
  voxelSize: [40, 4, 4],
  maxMip: 6,
  queueName: 'my-sqs-queue-name',
}
const run = (options: object, services: object, dryRun = false) =>
  runSource(setupEnv, { options: options as never, services: services as never, dryRun })

test('without an extent the parameters are printed, then it is asked for', async () => {
  const { volumes, made } = volumesWith()
  const { driver, events } = scriptedQueue([])
  const queues = serviceFamily({ sqs: driver })
  assert.is(await codeOf(run(T14, { volumes, queues })), 'box-missing')
  const { tasks, messages } = await run(T14, { volumes, queues }, true)
  assert.equal(tasks, [])
  assert.equal(messages.result, [
    '--input-patch-size 20 256 256',
    '--output-patch-size 20 256 256',
    '--output-patch-overlap 10 128 128',
    '--output-patch-stride 10 128 128',
    '--patch-num 11 18 18',
    '--input-chunk-size 120 2432 2432',
    '--output-chunk-size 100 2176 2176',
    'cutout expand margin size 10 128 128',
    'block size 50 272 272',
    'size of a block 3.6992 MB',
    'RAM size of a chunk 5.291748 GB',
    'voxel utilization 0.10',
    'total number of tasks: 0',
  ])
  assert.equal([made, events], [{}, []])
})

test('--source-volume supplies the extent: both infos are written and the tasks sent', async () => {
  const { volumes, made } = volumesWith({ 'gs://source': existing(1) })
  const { driver, events } = scriptedQueue([])
  const queues = serviceFamily({ sqs: driver })
  const options = { ...T14, voxelSize: undefined, sourceVolume: 'gs://source' }
  const { tasks, messages } = await run(options, { volumes, queues })
  assert.equal(tasks, [])
  const common = {
    layerType: 'image',
    encoding: 'raw',
    voxelSizeNm: [45, 8, 8],
    box: boxFromSize(zyx(100, 64, 0), zyx(150, 5000, 4000)),
    factor: [1, 2, 2],
  }
  assert.equal(made, {
    [T14.layerPath]: { ...common, channels: 3, dtype: 'float32', blockSize: [50, 272, 272], maximumMip: 1 },
    [`${T14.layerPath}/thumbnail`]: {
      ...common,
      channels: 1,
      dtype: 'uint8',
      blockSize: [50, 34, 34],
      maximumMip: 6,
    },
  })
  // at mip 1 the volume is 150 x 2500 x 2000 from 100 32 0
  assert.equal(events, [
    'open my-sqs-queue-name',
    'send 100-200_32-2208_0-2176',
    'send 100-200_2208-4384_0-2176',
    'send 200-300_32-2208_0-2176',
    'send 200-300_2208-4384_0-2176',
  ])
  assert.ok(messages.result.includes('--input-volume-start 90 -64 -128'))
})

test('what options say of the extent beats the source, that beats the info that is there', async () => {
  const { volumes } = volumesWith({ 'gs://source': existing(2), [T14.layerPath]: existing(2) })
  const boxes = async (options: object) => {
    const { tasks, range } = await run(
      { ...T14, queueName: undefined, ...options },
      { volumes, queues: serviceFamily({}) },
    )
    return [tasks.length, formatBox(range!)]
  }
  assert.equal(await boxes({}), [4, '100-300_32-4384_0-2176'])
  assert.equal(await boxes({ volumeStart: [200, 64, 0] }), [2, '200-300_32-4384_0-2176'])
  assert.equal(await boxes({ volumeStart: [0, 0, 0], volumeSize: [100, 4352, 4353] }), [
    2,
    '0-100_0-2176_0-4352',
  ])
  assert.is(
    await codeOf(boxes({ volumeStart: [0, 0, 0], volumeSize: [1, 1, 1], volumeStop: [1, 1, 1] })),
    'flag-invalid',
  )
})

test('an info that is there is kept, with a word on what does not fit, unless it may be overwritten', async () => {
  const described = { ...existing(1), dtype: 'uint8' }
  const { volumes, made } = volumesWith({ [T14.layerPath]: described })
  const services = { volumes, queues: serviceFamily({}) }
  const options = { ...T14, queueName: undefined, thumbnail: false }
  const { messages } = await run(options, services)
  assert.equal(made, {})
  assert.equal(messages.warn, [
    `${T14.layerPath} has voxels of uint8, not float32`,
    `${T14.layerPath} has no mip 1`,
  ])
  await run({ ...options, overwriteInfo: true }, services)
  assert.equal(Object.keys(made), [T14.layerPath])
})

test('a dry run of a described volume asks nobody and yields its tasks', async () => {
  // C20 of chunkflow's own script
  const { volumes, asked, made } = volumesWith()
  const options = {
    layerPath: 'gs://my/path',
    volumeStart: [2002, 25616, 12304],
    volumeStop: [2068, 26128, 12816],
    maxRamSize: 14,
    inputPatchSize: [20, 128, 128],
    outputPatchSize: [16, 96, 96],
    outputPatchOverlap: [6, 32, 32],
    channelNum: 3,
    dtype: 'float32',
    mip: 0,
    encoding: 'raw',
    voxelSize: [45, 16, 16],
    maxMip: 5,
  }
  const { tasks, messages } = await run(options, { volumes, queues: serviceFamily({}) }, true)
  assert.equal(
    tasks.map(({ bbox, log }) => [formatBox(bbox!), log?.bbox]),
    [['2002-2266_25616-27056_12304-13744', '2002-2266_25616-27056_12304-13744']],
  )
  assert.ok(messages.result.includes('--input-volume-start 1994 25568 12256'))
  assert.equal([asked, made], [[], {}])
})

test('patches that cannot be are refused before anything is computed', async () => {
  const services = { ...volumesWith(), queues: serviceFamily({}) }
  const refused = (options: object): Promise<string> =>
    refusal(run({ ...T14, queueName: undefined, ...options }, services))
  assert.match(await refused({ outputPatchSize: [20, 256, 128] }), 'flag-invalid: --output-patch-size')
  assert.match(await refused({ outputPatchOverlap: [20, 128, 128] }), 'flag-invalid: Patches of 20 256 256')
  assert.match(await refused({ inputPatchSize: [21, 258, 258] }), 'flag-invalid: Patches of 21 258 258')
  assert.match(await refused({ sourceVolume: 'gs://nothing' }), 'box-missing')
  assert.match(await refused({ queueName: 'fq://q' }), 'service-missing')
})

test.run()
