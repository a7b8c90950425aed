/** 64-bit ids beyond 2^53 through every route, bit for bit. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readHdf5, succeeds, workFolder } from './chunkflow.js'

const test = suite('64-bit labels')
const folder = workFolder()
const { cwd, file } = folder
test.after(() => folder.remove())

const SHAPE = [6, 10, 14] as const
const IDS = [0n, 2n ** 53n + 1n, 2n ** 63n + 12345n, 2n ** 64n - 1n]
const EXPECTED = BigUint64Array.from({ length: 6 * 10 * 14 }, (_, index) => IDS[Math.floor(index / 7) % 4]!)

async function read(name: string): Promise<BigUint64Array> {
  const opened = await readHdf5(file(name))
  const { values } = opened.dataset('main')
  opened.close()
  assert.ok(values instanceof BigUint64Array, `${name} is not uint64`)
  return values
}

test.before(async () => {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const made = new h5wasm.File(file('ids.h5'), 'w')
  made.create_dataset({ name: 'main', data: EXPECTED, shape: [...SHAPE] })
  made.create_dataset({ name: 'voxel_offset', data: new BigInt64Array([3n, -8n, 16n]), shape: [3] })
  made.close()
})

for (const [name, route] of [
  ['HDF5', 'save-h5 -f b.h5 load-h5 -f b.h5'],
  ['TIFF', 'save-tif -f b.tif load-tif -f b.tif'],
  ['raw precomputed', 'save-precomputed -v file://raw --block-size 4 8 8 load-precomputed -v file://raw'],
  [
    'compressed_segmentation',
    'save-precomputed -v file://cseg --block-size 4 8 8 --encoding compressed_segmentation load-precomputed -v file://cseg',
  ],
  [
    'copies and crops',
    'copy-var --to-name a crop-margin -i a -o a -m 0 0 0 delete-var -v chunk copy-var --from-name a',
  ],
  ['transposing twice', 'transpose transpose'],
  ['selection', `mask-out-objects -s ${IDS.slice(1).join(',')}`],
  ['downsampling by one', 'downsample --factor 1 1 1'],
] as const)
  test(`survive ${name}`, async () => {
    await succeeds(`load-h5 -f ids.h5 ${route} save-h5 -f out.h5`, { cwd })
    assert.equal(await read('out.h5'), EXPECTED)
  })

test('are removed and kept by exact id', async () => {
  await succeeds(`load-h5 -f ids.h5 mask-out-objects -s ${IDS[1]} save-h5 -f one.h5`, { cwd })
  assert.equal(
    await read('one.h5'),
    EXPECTED.map((id) => (id === IDS[1] ? id : 0n)),
  )
})

test.run()
