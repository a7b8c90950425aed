/** A real segmentation, stored as compresso by its authors, copied into every form that is written here. */
import { readFileSync } from 'node:fs'
import { boundingBox, type Chunk, cutout, zyx } from '@chunkflow/sdk'
import { inlineCompute, runOperator, serviceFamily } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compresso } from '../encodings/compresso.js'
import loadPrecomputed from '../operators/load-precomputed.js'
import transfer from '../operators/transfer.js'
import { setUp } from '../testing/set-up.js'
import { createPrecomputedFormat } from '../volume/format.js'

const test = suite('transfer of real labels')
const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../../test/fixtures/pinky40/${name}`, import.meta.url))

const SOURCE = 'file:///pinky40'
const { services: some, info, objects } = setUp()
const compute = inlineCompute()
const services = {
  ...some,
  encodings: serviceFamily({
    raw: await some.encodings.get('raw'),
    compressed_segmentation: await some.encodings.get('compressed_segmentation'),
    compresso: compresso(compute),
  }),
}
const all = { ...services, volumes: serviceFamily({ precomputed: createPrecomputedFormat(services) }) }
const source = await some.store.open(SOURCE)
await source.write(
  'info',
  Buffer.from(
    JSON.stringify({
      type: 'segmentation',
      data_type: 'uint32',
      num_channels: 1,
      scales: [
        {
          key: '32_32_40',
          encoding: 'compresso',
          resolution: [32, 32, 40],
          size: [256, 256, 64],
          voxel_offset: [0, 0, 64],
          chunk_sizes: [[256, 256, 64]],
        },
      ],
    }),
  ),
)
await source.write('32_32_40/0-256_0-256_64-128.gz', fixture('0-256_0-256_64-128.gz'))

const read = async (volumePath: string): Promise<Chunk> => {
  const { task } = await runOperator(loadPrecomputed, { options: { volumePath }, services: all })
  return task.get<Chunk>('chunk')
}
const original = await read(SOURCE)

const hashes = ['identity', 'murmurhash3_x86_128'] as const
const encodings = ['raw', 'gzip'] as const
const shardings = hashes.flatMap((hash) =>
  encodings.flatMap((minishard_index_encoding) =>
    encodings.map((data_encoding) =>
      JSON.stringify({
        hash,
        preshift_bits: 1,
        minishard_bits: 2,
        shard_bits: 3,
        minishard_index_encoding,
        data_encoding,
      }),
    ),
  ),
)
const forms: readonly Readonly<Record<string, unknown>>[] = [
  { encoding: 'raw', blockSize: [16, 64, 64] },
  { encoding: 'raw', blockSize: [30, 100, 90], compression: 'br' },
  { encoding: 'compressed_segmentation', blockSize: [64, 128, 128], compression: 'zstd' },
  { encoding: 'compressed_segmentation', blockSize: [16, 64, 64], sharding: 'auto' },
  // 8 shards of 8 blocks, or blocks scattered over them
  ...shardings.map((sharding) => ({ encoding: 'raw', blockSize: [16, 64, 64], sharding })),
]
for (const [index, form] of forms.entries())
  test(`${form.encoding}, ${form.sharding ?? form.compression ?? 'gzip'}`, async () => {
    const targetVolume = `file:///copy-${index}`
    // 4 MiB of voxels at a time: a quarter
    const options = { sourceVolume: SOURCE, targetVolume, memory: 8, ...form }
    await runOperator(transfer, { options: options as never, services: all })
    const copy = await read(targetVolume)
    assert.is(Buffer.compare(Buffer.from(copy.data.buffer), Buffer.from(original.data.buffer)), 0)
    assert.equal(
      [copy.voxelOffset, copy.voxelSize, copy.layerType],
      [[64, 0, 0], [40, 32, 32], 'segmentation'],
    )
    const [scale] = info(targetVolume).scales
    assert.is(scale.encoding, form.encoding)
    assert.is(scale.sharding !== undefined, form.sharding !== undefined)
    const shards = [...objects(targetVolume).keys()].filter((key) => key.endsWith('.shard'))
    assert.is(shards.length > 0, form.sharding !== undefined)
    if (form.sharding !== undefined && form.sharding !== 'auto') assert.is(shards.length, 8)
  })

test('compresso is only read: without --encoding the copy is raw', async () => {
  const options = { sourceVolume: SOURCE, targetVolume: 'file:///as-is', blockSize: [64, 64, 256] }
  await runOperator(transfer, { options: options as never, services: all })
  assert.is(info('file:///as-is').scales[0].encoding, 'raw')
  const corner = boundingBox(zyx(64, 0, 0), zyx(66, 40, 50))
  assert.equal(cutout(await read('file:///as-is'), corner).data, cutout(original, corner).data)
})

test.run()
