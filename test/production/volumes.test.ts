/**
 * Whole command lines on volumes (section 8 of the operator specification): the tutorial's lines for queues, pyramids and
 * production with buckets on loopback (of at least three letters) and the identity network instead of PyTorch.
 */
import { existsSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chunkflow, filesIn, readHdf5, succeeds, workFolder } from '../pipelines/chunkflow.js'
import { startCloud } from './cloud.js'

const test = suite('volumes')
const folder = workFolder()
const { cwd, file } = folder
const buckets = workFolder()
const cloud = await startCloud(buckets.cwd, ['my-project'])
const run = (line: string, env: NodeJS.ProcessEnv = {}) =>
  succeeds(line, { cwd, env: { ...cloud.env, ...env } })
test.after(async () => {
  await cloud.close()
  buckets.remove()
  folder.remove()
})

type Voxels = Uint8Array | BigUint64Array
const infoOf = (volume: string) => {
  const [, bucket, key] = /^gs:\/\/([^/]+)\/(.*)$/.exec(volume) ?? []
  const text =
    bucket === undefined
      ? readFileSync(file(`${volume}/info`), 'utf8')
      : cloud.googleObject(bucket, `${key}/info`)
  return JSON.parse(text)
}

/** An HDF5 file of voxels, z y x, at an offset; written without our own code. */
async function makeHdf5(
  name: string,
  data: Voxels,
  shape: readonly number[],
  offset: readonly number[],
  voxelSize: readonly number[],
): Promise<void> {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const opened = new h5wasm.File(file(name), 'w')
  opened.create_dataset({ name: 'main', data, shape: [...shape] })
  opened.create_dataset({ name: 'voxel_offset', data: Int32Array.from(offset), shape: [3] })
  opened.create_dataset({ name: 'voxel_size', data: Float64Array.from(voxelSize), shape: [3] })
  opened.close()
}

/** A scale of a volume, read whole by the command and then without our own code. */
async function readMip(volume: string, mip: number) {
  await run(`--mip ${mip} load-precomputed -v ${volume} save-h5 -f read.h5`)
  const opened = await readHdf5(file('read.h5'))
  const { shape, values } = opened.dataset('main')
  const offset = Array.from(opened.dataset('voxel_offset').values, Number)
  opened.close()
  return { shape, values, offset }
}

test('C20: the parameters of a production run, without network', async () => {
  const { stdout, stderr } = await run(
    '--dry-run --log-level info setup-env -l "gs://my/path" --volume-start 2002 25616 12304 --volume-stop 2068 26128 12816 --max-ram-size 14 --input-patch-size 20 128 128 --output-patch-size 16 96 96 --output-patch-overlap 6 32 32 --channel-num 3 --dtype float32 -m 0 --encoding raw --voxel-size 45 16 16 --max-mip 5',
    { AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:9', HOME: cwd },
  )
  for (const line of [
    '--input-patch-size 20 128 128',
    '--output-patch-size 16 96 96',
    '--output-patch-overlap 6 32 32',
    '--output-patch-stride 10 64 64',
    '--patch-num 27 23 23',
    '--input-chunk-size 280 1536 1536',
    '--input-volume-start 1994 25568 12256',
    '--output-chunk-size 264 1440 1440',
    'cutout expand margin size 8 48 48',
    'output volume start 2002 25616 12304',
    'block size 264 180 180',
    'size of a block 8.5536 MB',
    'RAM size of a chunk 6.118011 GB',
    'voxel utilization 0.26',
    'total number of tasks: 1',
  ])
    assert.ok(stdout.split('\n').includes(line), `${line}\n${stdout}`)
  assert.match(stderr, 'dry run')
  const { stdout: tasks } = await run(
    '--dry-run setup-env -l "gs://my/path" --volume-start 2002 25616 12304 --volume-stop 2068 26128 12816 --max-ram-size 14 --input-patch-size 20 128 128 --output-patch-size 16 96 96 --output-patch-overlap 6 32 32 --channel-num 3 --max-mip 5 debug',
  )
  assert.match(tasks, '2002-2266_25616-27056_12304-13744')
  assert.equal(filesIn(cwd), [])
})

test('T14: prints its parameters and asks for the extent; a source volume supplies it', async () => {
  const line =
    'setup-env -l "gs://my-bucket/my/output/layer/path" -r 14 -z 20 256 256 -c 3 -m 1 --thumbnail -e raw -v 40 4 4 --max-mip 6 -q my-sqs-queue-name'
  const refused = await chunkflow(line, { cwd, env: cloud.env })
  assert.is(refused.code, 1)
  assert.match(refused.stdout, '--patch-num 11 18 18')
  assert.match(refused.stdout, 'RAM size of a chunk 5.291748 GB')
  assert.match(refused.stderr, 'Volume start/stop/size needed to create info and tasks')
  const dry = await run(`--dry-run ${line}`)
  assert.match(dry.stdout, 'total number of tasks: 0')
  assert.equal([filesIn(cwd), cloud.googleKeys('my-bucket')], [[], []])
  assert.is(await cloud.messages('my-sqs-queue-name'), null)
  // an anisotropic source with an offset, of which nothing divides anything
  await run(
    'create-info -v gs://my-bucket/image --volume-size 150 5001 4000 --voxel-offset 7 66 0 --data-type uint8 --voxel-size 40 4 4 --block-size 64 64 64 --factor 1 2 2 --max-mip 6',
  )
  const { stdout, stderr } = await run(`${line} --source-volume gs://my-bucket/image`)
  assert.not.match(stderr, 'NodeVersionSupportWarning')
  assert.match(stdout, 'total number of tasks: 4')
  const [info, thumbnail] = ['', '/thumbnail'].map((name) =>
    infoOf(`gs://my-bucket/my/output/layer/path${name}`),
  )
  assert.equal([info.type, info.data_type, info.num_channels, info.scales.length], ['image', 'float32', 3, 2])
  assert.equal(info.scales[1], {
    key: '8_8_40',
    size: [2000, 2501, 150],
    resolution: [8, 8, 40],
    voxel_offset: [0, 33, 7],
    chunk_sizes: [[272, 272, 50]],
    encoding: 'raw',
  })
  assert.equal(
    [thumbnail.data_type, thumbnail.num_channels, thumbnail.scales.length, thumbnail.scales[6].chunk_sizes],
    ['uint8', 1, 7, [[34, 34, 50]]],
  )
  assert.equal((await cloud.messages('my-sqs-queue-name'))?.ready.sort(), [
    '107-207_2209-4385_0-2176',
    '107-207_33-2209_0-2176',
    '7-107_2209-4385_0-2176',
    '7-107_33-2209_0-2176',
  ])
})

test('T15: a grid into a queue that is made', async () => {
  const line =
    'generate-tasks --chunk-size 128 1024 1024 --grid-size 2 2 2 --stride 128 1024 1024 --queue-name my-queue'
  await run(`--dry-run ${line}`)
  assert.is(await cloud.messages('my-queue'), null)
  await run(line)
  const [low, high] = ['0-1024', '1024-2048']
  assert.equal(
    (await cloud.messages('my-queue'))?.ready.sort(),
    ['0-128', '128-256']
      .flatMap((z) => [low, high].flatMap((y) => [low, high].map((x) => `${z}_${y}_${x}`)))
      .sort(),
  )
})

test('T16: boxes that cover a volume from its offset', async () => {
  await run(
    'create-info -v gs://my-project/dataset/path --volume-size 125 4100 2100 --voxel-offset 5 -10 20 --data-type uint8 --voxel-size 40 4 4 --block-size 64 64 64',
  )
  await run('generate-tasks -l gs://my-project/dataset/path -m 0 -o 0 0 0 -c 112 2048 2048 -q covering')
  const expected = ['5-117', '117-229'].flatMap((z) =>
    ['-10-2038', '2038-4086', '4086-6134'].flatMap((y) =>
      ['20-2068', '2068-4116'].map((x) => `${z}_${y}_${x}`),
    ),
  )
  assert.equal((await cloud.messages('covering'))?.ready.sort(), expected.sort())
})

test('T6, T7 in buckets: HDF5 to a volume that does not exist yet, and a cutout beyond its end', async () => {
  const shape = [25, 70, 130] as const
  const raw = Uint8Array.from({ length: 25 * 70 * 130 }, (_, index) => (index % 251) + 1)
  await makeHdf5('sample_A_20160501.hdf', raw, shape, [0, 0, 0], [40, 4, 4])
  for (const bucket of ['s3://my-project', 'gs://my-bucket']) {
    await run(
      `load-h5 --file-name sample_A_20160501.hdf --dataset-path /main save-precomputed --volume-path ${bucket}/your/key/path`,
    )
    await run(
      `load-precomputed --volume-path ${bucket}/your/key/path --start 0 0 0 --stop 28 60 100 save-h5 --file-name cutout_chunk.h5`,
    )
    const opened = await readHdf5(file('cutout_chunk.h5'))
    const { shape: size, values } = opened.dataset('main')
    opened.close()
    assert.equal(size, [28, 60, 100])
    const expected = Uint8Array.from({ length: 28 * 60 * 100 }, (_, index) => {
      const [z, y, x] = [Math.floor(index / 6000), Math.floor(index / 100) % 60, index % 100]
      return z < 25 ? raw[(z * 70 + y) * 130 + x]! : 0
    })
    assert.equal(values, expected)
  }
  const blocks = cloud.googleKeys('my-bucket').filter((key) => key.startsWith('your/key/path/4_4_40/'))
  assert.is(blocks.length, 6)
  assert.ok(blocks.includes('your/key/path/4_4_40/128-130_64-70_0-25'))
})

/** Levels of an image by exact sums over 2 x 2 voxels, an odd border doubled; z stays. */
function pyramid(image: Uint8Array, shape: readonly [number, number, number], levels: number) {
  const [depth] = shape
  let [, height, width] = shape
  let sums = Float64Array.from(image)
  return Array.from({ length: levels }, (_, level) => {
    const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)]
    const next = new Float64Array(depth * rows * columns)
    for (let z = 0; z < depth; z++)
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++)
          for (const [dy, dx] of [
            [0, 0],
            [0, 1],
            [1, 0],
            [1, 1],
          ] as const) {
            const row = z * height + Math.min(height - 1, 2 * y + dy)
            next[(z * rows + y) * columns + x]! += sums[row * width + Math.min(width - 1, 2 * x + dx)]!
          }
    ;[sums, height, width] = [next, rows, columns]
    return {
      shape: [depth, rows, columns],
      values: Uint8Array.from(next, (sum) => Math.floor(sum / 4 ** (level + 1))),
    }
  })
}

test('T17: a queue of tasks makes mips 1 to 4, and a second pass the missing scales', async () => {
  // ragged ends in y and x; blocks of 16 sections do not divide the 50 of the volume
  const shape = [50, 150, 300] as const
  const image = Uint8Array.from({ length: 50 * 150 * 300 }, (_, index) => (index * 7919 + (index >> 9)) % 251)
  await makeHdf5('image.h5', image, shape, [3, 32, -64], [40, 4, 4])
  await run(
    'load-h5 -f image.h5 create-info -v gs://my-project/dataset/path --block-size 16 16 16 --factor 1 2 2 --max-mip 4 save-precomputed -v gs://my-project/dataset/path',
  )
  await run('generate-tasks -l gs://my-project/dataset/path -m 0 -o 0 0 0 -c 32 256 256 -q pyramid')
  assert.is((await cloud.messages('pyramid'))?.ready.length, 4)
  await run(
    '--mip 0 fetch-task -q pyramid load-precomputed -v gs://my-project/dataset/path -m 0 --fill-missing downsample-upload -v gs://my-project/dataset/path --start-mip 1 --stop-mip 5 delete-task-in-queue',
  )
  assert.equal(await cloud.messages('pyramid'), { ready: [], held: [] })
  for (const [index, { shape: size, values }] of pyramid(image, shape, 4).entries()) {
    const mip = index + 1
    const level = await readMip('gs://my-project/dataset/path', mip)
    assert.equal([level.shape, level.offset], [size, [3, 32 / 2 ** mip, -64 / 2 ** mip]])
    assert.equal(level.values, values, `mip ${mip}`)
  }
  await run(
    '--mip 4 load-precomputed -v gs://my-project/dataset/path downsample-upload -v gs://my-project/dataset/path --stop-mip 7',
  )
  assert.is(infoOf('gs://my-project/dataset/path').scales.length, 7)
  assert.equal((await readMip('gs://my-project/dataset/path', 6)).shape, [50, 3, 5])
})

test('tasks of 20 sections over blocks of 16: refused, or written part by part', async () => {
  const shape = [50, 70, 90] as const
  const image = Uint8Array.from({ length: 50 * 70 * 90 }, (_, index) => 1 + ((index * 37) % 250))
  await makeHdf5('thick.h5', image, shape, [-7, 0, 64], [45, 6, 6])
  await run(
    'load-h5 -f thick.h5 create-info -v thick --block-size 16 16 16 --factor 1 2 2 --max-mip 2 save-precomputed -v thick',
  )
  const line =
    'generate-tasks -v thick -c 20 64 64 load-precomputed -v thick downsample-upload -v thick --stop-mip 3'
  const { code, stderr } = await chunkflow(line, { cwd })
  assert.is(code, 1)
  assert.match(stderr, 'is not aligned')
  assert.equal(
    filesIn(file('thick')).filter((name) => name.startsWith('12_12_45')),
    [],
  )
  await run(`${line} --allow-unaligned`)
  for (const [index, { shape: size, values }] of pyramid(image, shape, 2).entries()) {
    const level = await readMip('thick', index + 1)
    assert.equal([level.shape, level.offset], [size, [-7, 0, 64 / 2 ** (index + 1)]])
    assert.equal(level.values, values, `mip ${index + 1}`)
  }
})

test('uint64 labels up to 2^64 - 1: load, save, downsample-upload and transfer keep every bit', async () => {
  const shape = [13, 37, 50] as const
  const random = (index: number): bigint => BigInt(index % 5) * 0x3fff_ffff_ffff_fffbn
  const labels = BigUint64Array.from({ length: 13 * 37 * 50 }, (_, index) =>
    index % 11 === 0 ? 2n ** 64n - 1n - BigInt(index) : random(index >> 2),
  )
  labels.fill(0n, 0, 3 * 37 * 50)
  await makeHdf5('labels.h5', labels, shape, [-5, 8, 16], [45, 6, 6])
  await run(
    'load-h5 -f labels.h5 --layer-type segmentation save-precomputed -v labels/raw --block-size 13 8 10 downsample-upload -v labels/raw --factor 1 2 2 --stop-mip 2',
  )
  await run(
    'transfer -s labels/raw -v labels/packed --block-size 5 16 16 --encoding compressed_segmentation --all-mips',
  )
  await run(
    'transfer -s file://labels/packed -v file://labels/again --block-size 8 32 8 --encoding raw --all-mips',
  )
  const halved = majority(labels, shape)
  for (const volume of ['labels/raw', 'labels/packed', 'labels/again']) {
    const whole = await readMip(volume, 0)
    assert.equal([whole.shape, whole.offset], [[...shape], [-5, 8, 16]])
    assert.equal(whole.values, labels, volume)
    const half = await readMip(volume, 1)
    assert.equal(
      [half.shape, half.offset],
      [
        [13, 19, 25],
        [-5, 4, 8],
      ],
    )
    assert.equal(half.values, halved, `${volume}, mip 1`)
  }
  assert.equal(infoOf('labels/packed').scales[1].compressed_segmentation_block_size, [8, 8, 8])
})

/** The most frequent of 2 x 2 labels, the first of equals; single voxels at odd borders. */
function majority(labels: BigUint64Array, [depth, height, width]: readonly [number, number, number]) {
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)]
  const result = new BigUint64Array(depth * rows * columns)
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) {
        const at = (dy: number, dx: number): bigint =>
          labels[(z * height + Math.min(height - 1, 2 * y + dy)) * width + Math.min(width - 1, 2 * x + dx)]!
        const [a, b, c, d] = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)]
        result[(z * rows + y) * columns + x] = a === b || a === c ? a : b === c ? b : d
      }
  return result
}

/** Voxels of an image in a volume at mips 0 to `mip`; only the last one has data. */
async function makeImage(
  volume: string,
  mip: number,
  size: readonly [number, number, number],
  start: readonly [number, number, number],
) {
  const [depth, height, width] = size
  const image = Uint8Array.from(
    { length: depth * height * width },
    (_, index) => 1 + ((index * 31 + (index >> 7)) % 250),
  )
  const factor = 2 ** mip
  await makeHdf5('part.h5', image, size, start, [40, 4 * factor, 4 * factor])
  await run(
    `create-info -v ${volume} --volume-size ${depth} ${height * factor} ${width * factor} --voxel-offset ${start[0]} ${start[1] * factor} ${start[2] * factor} --data-type uint8 --voxel-size 40 4 4 --block-size 7 16 16 --factor 1 2 2 --max-mip ${mip}`,
  )
  await run(`--mip ${mip} load-h5 -f part.h5 save-precomputed -v ${volume}`)
  return image
}

test('T20: production at mip 2 from a queue, with log, thumbnail and metrics', async () => {
  const size = [20, 128, 128] as const
  const image = await makeImage('s3://my-project/image/volume/path', 2, size, [4, 64, 192])
  await run(
    'create-info -v my/output/volume/path -c 3 --volume-size 20 512 512 --voxel-offset 4 256 768 --data-type float32 --voxel-size 40 4 4 --block-size 10 64 64 --factor 1 2 2 --max-mip 2',
  )
  await run('--mip 2 generate-tasks -l s3://my-project/image/volume/path -c 10 128 128 -q production')
  const line = `--mip 2 fetch-task --queue-name=production --visibility-timeout=3600 load-precomputed --volume-path="s3://my-project/image/volume/path" --expand-margin-size 10 128 128 --fill-missing inference --convnet-model=my-model-name --convnet-weight-path="/nets/weight.pt" --patch-size 20 256 256 --patch-overlap 10 128 128 --framework='identity' --batch-size=8 save-precomputed --volume-path="file://my/output/volume/path" --upload-log --nproc 0 --create-thumbnail cloud-watch delete-task-in-queue`
  const before = filesIn(cwd)
  await run(`--dry-run ${line}`)
  assert.equal(filesIn(cwd), before)
  assert.equal((await cloud.messages('production'))?.held, [])
  assert.equal(cloud.metrics, [])
  await run(line)
  const { shape, values, offset } = await readMip('my/output/volume/path', 2)
  assert.equal(
    [shape, offset],
    [
      [3, ...size],
      [4, 64, 192],
    ],
  )
  for (let index = 0; index < values.length; index++)
    assert.ok(Math.abs(Number(values[index]) - image[index % image.length]! / 255) < 1e-6)
  const names = ['4-14_64-192_192-320', '14-24_64-192_192-320']
  for (const name of names) {
    const log = JSON.parse(readFileSync(file(`my/output/volume/path/log/${name}.json`), 'utf8'))
    assert.is(log.bbox, name)
    assert.equal(Object.keys(log.timer), ['load-precomputed', 'inference', 'save-precomputed'])
    assert.type(log.compute_device, 'string')
  }
  assert.equal(
    cloud.metrics.splice(0),
    names.map(() => ({
      namespace: 'chunkflow',
      names: ['load-precomputed', 'inference', 'save-precomputed'],
    })),
  )
  assert.ok(filesIn(file('my/output/volume/path/thumbnail')).some((name) => /^\d+_\d+_\d+\/\d/.test(name)))
  assert.equal(await cloud.messages('production'), { ready: [], held: [] })
})

test('T21: masks, stored levels, four channels; what is masked out is saved as zeros', async () => {
  const [depth, height, width] = [28, 80, 160] as const
  const start = [3, 16, 32] as const
  const image = await makeImage('gs://bucket/my/image/layer/path', 1, [depth, height, width], start)
  // levels of every section of the volume: values from 20 to 220 alike
  const levels = Array.from({ length: 256 }, (_, value) => (value >= 20 && value <= 220 ? 10 : 0))
  for (let z = start[0]; z < start[0] + depth; z++)
    cloud.putGoogleObject('bucket', `my/histogram/path/levels/1/${z}`, JSON.stringify({ levels }))
  // masks at mip 4, one voxel for 8 x 8 of mip 1: z 28, y 10 from 2, x 20 from 4
  const mask = async (volume: string, isMasked: (z: number, y: number, x: number) => boolean) => {
    const data = Uint8Array.from({ length: depth * 10 * 20 }, (_, index) =>
      isMasked(Math.floor(index / 200), Math.floor(index / 20) % 10, index % 20) ? 255 : 0,
    )
    await makeHdf5('mask.h5', data, [depth, 10, 20], [3, 2, 4], [40, 64, 64])
    await run(
      `create-info -v ${volume} --volume-size ${depth} 160 320 --voxel-offset 3 32 64 --data-type uint8 --voxel-size 40 4 4 --block-size ${depth} 10 20 --factor 1 2 2 --max-mip 4`,
    )
    await run(`--mip 4 load-h5 -f mask.h5 save-precomputed -v ${volume}`)
  }
  // the first task is masked out as a whole; of the output a corner is
  await mask('gs://bucket/my/image/mask/layer/path', (z, _, x) => z < 14 && x < 10)
  await mask('gs://bucket/my/output/mask/layer/path', (z, y, x) => z >= 20 && y < 3 && x >= 15)
  await run(
    'create-info -v gs://bucket/my/output/layer/path -c 4 --volume-size 28 160 320 --voxel-offset 3 32 64 --data-type float32 --voxel-size 40 4 4 --block-size 14 40 40 --factor 1 2 2 --max-mip 1',
  )
  await run('--mip 1 generate-tasks -l gs://bucket/my/image/layer/path -c 14 80 80 -q chunkflow')
  assert.is((await cloud.messages('chunkflow'))?.ready.length, 4)
  const paths: NodeJS.ProcessEnv = {
    QUEUE_NAME: 'chunkflow',
    IMAGE_volume_path: 'gs://bucket/my/image/layer/path',
    IMAGE_MASK_volume_path: 'gs://bucket/my/image/mask/layer/path',
    CONVNET_MODEL_FILE: 'model1000000.py',
    CONVNET_WEIGHT_FILE: 'model1000000.chkpt',
    OUTPUT_volume_path: 'gs://bucket/my/output/layer/path',
    OUTPUT_MASK_volume_path: 'gs://bucket/my/output/mask/layer/path',
  }
  // the shell's work: VISIBILITY_TIMEOUT is not set, as in the tutorial
  const expand = (line: string): string => line.replaceAll(/\$\{?(\w+)\}?/g, (_, name) => paths[name] ?? '')
  const { stderr } = await run(
    expand(
      `--mip 1 fetch-task -r 20 --queue-name="$QUEUE_NAME" --visibility-timeout=$VISIBILITY_TIMEOUT load-precomputed --volume-path="$IMAGE_volume_path" --expand-margin-size 10 32 32 --fill-missing mask --name='check-all-zero-and-skip-to-save' --check-all-zero --volume-path="$IMAGE_MASK_volume_path" --mip 4 --skip-to='save-precomputed' --fill-missing --inverse normalize-section-contrast -p "gs://bucket/my/histogram/path/levels/1" -l 0.0023 -u 0.01 inference --convnet-model="$CONVNET_MODEL_FILE" --convnet-weight-path="\${CONVNET_WEIGHT_FILE}" --input-patch-size 20 64 64 --output-patch-size 16 48 48 --output-patch-overlap 2 8 8 --output-crop-margin 8 24 24 --num-output-channels 4 --framework='identity' --batch-size 6 --patch-num 2 3 3 mask --name='mask-aff' --volume-path="$OUTPUT_MASK_volume_path" --mip 4 --fill-missing --inverse save-precomputed --volume-path="$OUTPUT_volume_path" --upload-log --nproc 0 --create-thumbnail cloud-watch delete-task-in-queue`,
    ),
  )
  assert.match(stderr, 'skipping to save-precomputed')
  assert.equal(await cloud.messages('chunkflow'), { ready: [], held: [] })
  const { shape, values, offset } = await readMip('gs://bucket/my/output/layer/path', 1)
  assert.equal([shape, offset], [[4, depth, height, width], [...start]])
  // of 201 values alike: the lowest 0.23 % end before 20, the highest 1 % after 217; halves go to the even number
  const stretched = Float64Array.from({ length: 256 }, (_, value) => {
    const exact = Math.min(255, Math.max(1, ((value - 19) * 255) / (217 - 19)))
    return exact % 1 === 0.5 ? 2 * Math.round(exact / 2) : Math.round(exact)
  })
  for (let index = 0; index < values.length; index++) {
    const at = index % image.length
    const [z, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width]
    const isGone = (z < 14 && x < 80) || (z >= 20 && y < 24 && x >= 120)
    const expected = isGone ? 0 : stretched[image[at]!]! / 255
    if (Math.abs(Number(values[index]) - expected) >= 1e-6)
      assert.unreachable(`${index} (${z} ${y} ${x}): ${values[index]} instead of ${expected}`)
  }
  const folderOfLogs = 'my/output/layer/path/log/'
  const logs = cloud
    .googleKeys('bucket')
    .filter((key) => key.startsWith(folderOfLogs))
    .map((key) => [
      key.slice(folderOfLogs.length),
      Object.keys(JSON.parse(cloud.googleObject('bucket', key)).timer),
    ])
  const whole = [
    'load-precomputed',
    'check-all-zero-and-skip-to-save',
    'normalize-section-contrast',
    'inference',
    'mask-aff',
    'save-precomputed',
  ]
  const skipped = ['load-precomputed', 'check-all-zero-and-skip-to-save', 'save-precomputed']
  assert.equal(logs, [
    ['17-31_16-96_112-192.json', whole],
    ['17-31_16-96_32-112.json', whole],
    ['3-17_16-96_112-192.json', whole],
    ['3-17_16-96_32-112.json', skipped],
  ])
  assert.equal(
    cloud.metrics
      .splice(0)
      .map(({ names }) => names.length)
      .sort(),
    [3, 6, 6, 6],
  )
})

test('a folder of tasks instead of a cloud: workers share a transfer', async () => {
  const size = [30, 64, 64] as const
  const image = await makeImage('shared/source', 0, size, [5, 6, 7])
  await run('generate-tasks -l shared/source -c 10 32 32 -q fq://shared/tasks')
  const line =
    'fetch-task -q fq://shared/tasks -r 0 transfer -s shared/source -v shared/copy --block-size 10 16 16 delete-task-in-queue'
  await Promise.all([run(line), run(line)])
  assert.equal((await readMip('shared/copy', 0)).values, image)
  assert.equal(filesIn(file('shared/tasks/queue')), [])
})

test('lost blocks are found, their tasks done again, and the volume proven complete', async () => {
  const size = [20, 64, 96] as const
  await makeImage('whole/source', 0, size, [5, 6, 7])
  const saving =
    'save-precomputed -v whole/copy --block-size 10 16 16 --volume-start 5 6 7 --volume-size 20 64 96 --upload-log'
  await run(
    `generate-tasks -v whole/source -c 10 32 32 --task-index-stop 10 load-precomputed -v whole/source ${saving}`,
  )
  // a task of zeros: its blocks are not stored
  await run(`create-chunk --pattern zero --size 10 32 32 --voxel-offset 15 38 39 ${saving}`)
  const verify = 'verify-volume -v whole/copy -c 10 32 32 -f whole/lost.txt'
  const incomplete = await chunkflow(verify, { cwd })
  assert.is(incomplete.code, 1)
  assert.match(incomplete.stdout, 'stored 40\nzeros  4, which the log tells of\nlost   4\n')
  assert.match(incomplete.stderr, 'Blocks are missing in 1 box: 15-25_38-70_71-103')
  await run(`generate-tasks --boxes whole/lost.txt load-precomputed -v whole/source ${saving}`)
  assert.match((await run(verify)).stdout, 'lost   0\n')
  assert.is(readFileSync(file('whole/lost.txt'), 'utf8'), '')
})

test('a failed task goes to the dead letters, with its reason; the others are done', async () => {
  await run('generate-tasks -c 4 8 8 -g 1 1 2 -q fq://broken/tasks')
  const result = await chunkflow(
    'fetch-task -q fq://broken/tasks -r 0 load-precomputed -v broken/nothing delete-task-in-queue',
    { cwd },
  )
  assert.is(result.code, 1)
  const dead = filesIn(file('broken/tasks/dead'))
  assert.is(dead.length, 4)
  const reason = dead.find((name) => name.endsWith('.txt'))!
  assert.match(readFileSync(file(`broken/tasks/dead/${reason}`), 'utf8'), 'There is no volume')
  assert.not.ok(existsSync(file('broken/nothing')))
})

test('workers of a queue make one volume, whichever task comes first', async () => {
  await succeeds('create-chunk --size 128 64 32 save-h5 -f whole.h5', { cwd })
  const worker = (more: string): string =>
    `fetch-task -q fq://shared/halves --num 1 load-h5 -f whole.h5 save-precomputed -v shared/halves-volume ${more} delete-task-in-queue`
  // the second half first
  await succeeds('generate-tasks -s 64 0 0 -r 128 64 32 -c 64 64 32 -q fq://shared/halves', { cwd })
  const refused = await chunkflow(worker(''), { cwd })
  assert.is(refused.code, 1)
  assert.match(refused.stderr, 'one task of a queue does not say how large it is')
  await succeeds(worker('--volume-size 128 64 32'), { cwd })
  await succeeds('generate-tasks -r 64 64 32 -c 64 64 32 -q fq://shared/halves', { cwd })
  await succeeds(worker('--volume-size 128 64 32'), { cwd })
  await succeeds('load-precomputed -v shared/halves-volume save-h5 -f again.h5', { cwd })
  const [whole, again] = [await readHdf5(file('whole.h5')), await readHdf5(file('again.h5'))]
  assert.equal(again.dataset('main'), whole.dataset('main'))
  assert.equal(Array.from(again.dataset('voxel_offset').values, Number), [0, 0, 0])
  for (const opened of [whole, again]) opened.close()
})

test.run()
