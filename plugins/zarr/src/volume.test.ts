import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { boxFromSize, type Chunk, createChunk, cutout, type Volume, zyx } from '@chunkflow/sdk'
import { rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sameVoxels, WORKER, zarrFolder } from './testing/zarr-folder.js'
import { createZarrFormat } from './volume.js'

const test = suite('zarr volume')
const folder = zarrFolder()
const format = createZarrFormat(folder.store, folder.compute, WORKER)
test.after(async () => {
  await format.dispose()
  folder.remove()
})

const opened = async (path: string): Promise<Volume> => (await format.open(path))!
const json = (name: string) => JSON.parse(readFileSync(folder.file(name), 'utf8'))
const image = rampChunk([5, 9, 14], { dtype: 'uint16', voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] })
const saved = { chunkSize: [2, 4, 5], voxelOffset: [7, -3, 11] }

test('an array is a volume of one scale', async () => {
  await folder.save(image, { store: 'one.zarr', ...saved })
  assert.ok(await format.matches('one.zarr'))
  assert.ok(await format.matches('zarr://nowhere'))
  assert.not(await format.matches('nowhere'))
  assert.not(await format.matches('archive.zarr.zip'))
  assert.is(await format.open('zarr://nowhere'), null)
  const volume = await opened('one.zarr')
  const { channels, dtype, layerType, scales } = volume.description
  assert.equal([channels, dtype, layerType], [1, 'uint16', 'segmentation'])
  assert.is(scales.length, 1)
  assert.equal([...scales[0]!.box.start, ...scales[0]!.box.stop], [7, -3, 11, 12, 6, 25])
  assert.equal(
    [[...scales[0]!.blockSize], [...scales[0]!.voxelSizeNm]],
    [
      [2, 4, 5],
      [40, 8, 4],
    ],
  )
  const box = boxFromSize(zyx(8, 0, 12), zyx(3, 5, 7))
  let last = ''
  const read = await volume.read({
    mip: 0,
    box,
    fillMissing: true,
    onBlock: (done, total) => {
      last = `${done} of ${total}`
    },
  })
  assert.ok(sameVoxels(read, cutout(image, box)))
  assert.is(last, '8 of 8')
  assert.is(read.layerType, 'segmentation')
  assert.match(await refusal(() => volume.read({ mip: 1, box, fillMissing: true })), 'has no mip 1')
})

test('beyond the volume is 0, what is not stored the fill value or an error', async () => {
  const json = {
    zarr_format: 2,
    shape: [2, 2, 2],
    chunks: [1, 2, 2],
    dtype: '|u1',
    fill_value: 9,
    order: 'C',
    filters: null,
    compressor: null,
  }
  mkdirSync(folder.file('filled'))
  writeFileSync(folder.file('filled/.zarray'), JSON.stringify(json))
  writeFileSync(folder.file('filled/0.0.0'), Uint8Array.of(1, 2, 3, 4))
  const volume = await opened('filled')
  const box = boxFromSize(zyx(0, 0, 0), zyx(2, 2, 3))
  const read = await volume.read({ mip: 0, box, fillMissing: true })
  assert.equal([...read.data], [1, 2, 0, 3, 4, 0, 9, 9, 0, 9, 9, 0])
  assert.match(await refusal(() => volume.read({ mip: 0, box, fillMissing: false })), 'zarr-chunk-missing')
  assert.not(await volume.hasAllBlocks(volume.description.scales[0]!.box, 0))
  assert.ok(await volume.hasAllBlocks(boxFromSize(zyx(0, 0, 0), zyx(1, 2, 2)), 0))
})

test('writes whole chunks, parts only when allowed, and crops', async () => {
  await folder.save(createChunk(new Uint8Array(8 * 8 * 8), [8, 8, 8]), {
    store: 'written.zarr',
    chunkSize: [4, 4, 4],
  })
  const volume = await opened('written.zarr')
  const write = (chunk: Chunk, more = {}) => volume.write(chunk, { mip: 0, ...more })
  const block = rampChunk([4, 8, 8], { dtype: 'uint8', voxelOffset: [4, 0, 0] })
  const report = await write(block)
  assert.equal([report.blocksWritten, report.blocksDeleted, report.voxelsDropped], [4, 0, 0])
  const part = rampChunk([3, 3, 8], { dtype: 'uint8', voxelOffset: [0, 0, 4] })
  assert.match(await refusal(() => write(part)), 'whole chunks of')
  const cropped = await write(part, { allowUnaligned: true })
  assert.equal([cropped.blocksWritten, cropped.voxelsDropped], [1, 36])
  assert.equal([...cropped.box.stop], [3, 3, 8])
  const read = await volume.read({ mip: 0, box: boxFromSize(zyx(0, 0, 0), zyx(8, 8, 8)), fillMissing: true })
  assert.is(read.data[(2 * 8 + 2) * 8 + 7], (2 * 3 + 2) * 8 + 3)
  assert.is(read.data[(7 * 8 + 7) * 8 + 7], 255)
  assert.match(await refusal(() => write(rampChunk([4, 4, 4], { dtype: 'uint16' }))), 'does not fit')
  await volume.writeJson('log/a.json', { id: 2n ** 63n })
  assert.equal(json('written.zarr/log/a.json'), { id: '9223372036854775808' })
})

for (const version of [2, 3])
  test(`OME-Zarr images of Zarr ${version}: levels saved one after another, read as scales`, async () => {
    const store = `image${version}.zarr`
    const options = { store, ome: true, zarrFormat: version, chunkSize: [2, 4, 5], resolution: [40, 8, 4] }
    const coarse = rampChunk([3, 5, 7], { dtype: 'uint16', voxelOffset: [3, -2, 5] })
    assert.match(
      await refusal(() => folder.save(coarse, { ...options, mip: 1, voxelOffset: [3, -2, 5] })),
      'has 0 levels: mip 1 cannot be the next',
    )
    assert.is(await format.open(store), null)
    await Promise.all([
      folder.save(image, { ...options, voxelOffset: [7, -3, 11] }),
      folder.save(image, { ...options, voxelOffset: [7, -3, 11] }),
    ])
    await folder.save(coarse, { ...options, mip: 1, voxelOffset: [3, -2, 5] })
    const attributes = version === 2 ? json(`${store}/.zattrs`) : json(`${store}/zarr.json`).attributes.ome
    const [{ axes, datasets }] = attributes.multiscales
    assert.equal(
      axes,
      ['z', 'y', 'x'].map((name) => ({ name, type: 'space', unit: 'nanometer' })),
    )
    assert.equal(datasets, [
      {
        path: '0',
        coordinateTransformations: [
          { type: 'scale', scale: [40, 8, 4] },
          { type: 'translation', translation: [280, -24, 44] },
        ],
      },
      {
        path: '1',
        coordinateTransformations: [
          { type: 'scale', scale: [80, 16, 8] },
          { type: 'translation', translation: [240, -32, 40] },
        ],
      },
    ])
    assert.is(
      version === 2 ? attributes.multiscales[0].version : attributes.version,
      version === 2 ? '0.4' : '0.5',
    )
    const { description } = await opened(store)
    assert.is(description.layerType, 'image')
    assert.equal(
      description.scales.map(({ box, voxelSizeNm }) => [...box.start, ...voxelSizeNm]),
      [
        [7, -3, 11, 40, 8, 4],
        [3, -2, 5, 80, 16, 8],
      ],
    )
    assert.ok(sameVoxels(await folder.read({ store, mip: 1 }), coarse))
    // a level alone knows its place from the group
    assert.equal([...(await folder.read({ store, path: '1' })).voxelSize!], [80, 16, 8])
    assert.match(await refusal(() => folder.read({ store, mip: 2 })), 'has the mips 0 to 1')
  })

test('levels of an image of others: units, a single time, channels, labels', async () => {
  const store = 'ome'
  const array = {
    zarr_format: 2,
    shape: [1, 2, 2, 2, 2],
    chunks: [1, 1, 2, 2, 2],
    dtype: '<u2',
    fill_value: 0,
    order: 'C',
    filters: null,
    compressor: null,
    dimension_separator: '/',
  }
  mkdirSync(folder.file(`${store}/full/0/1/0/0`), { recursive: true })
  writeFileSync(folder.file(`${store}/.zgroup`), '{"zarr_format": 2}')
  writeFileSync(folder.file(`${store}/full/.zarray`), JSON.stringify(array))
  writeFileSync(folder.file(`${store}/full/0/1/0/0/0`), Uint16Array.of(1, 2, 3, 4, 5, 6, 7, 8))
  const image = {
    axes: [
      { name: 't', type: 'time' },
      { name: 'c', type: 'channel' },
      ...['z', 'y', 'x'].map((name) => ({ name, type: 'space', unit: 'micrometer' })),
    ],
    coordinateTransformations: [{ type: 'scale', scale: [1, 1, 10, 10, 10] }],
    datasets: [
      {
        path: 'full',
        coordinateTransformations: [
          { type: 'scale', scale: [1, 1, 0.004, 0.0008, 0.0004] },
          { type: 'translation', translation: [0, 0, 0.4, 0, 0.0004] },
        ],
      },
    ],
  }
  writeFileSync(folder.file(`${store}/.zattrs`), JSON.stringify({ multiscales: [image], 'image-label': {} }))
  const volume = await opened(store)
  assert.is(volume.description.layerType, 'segmentation')
  assert.is(volume.description.channels, 2)
  const [scale] = volume.description.scales
  assert.equal(
    scale!.voxelSizeNm.map((size) => Number(size.toFixed(6))),
    [40, 8, 4],
  )
  assert.equal([...scale!.box.start], [100, 0, 1])
  const read = await volume.read({ mip: 0, box: scale!.box, fillMissing: true })
  assert.equal([...read.data], [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
  rmSync(folder.file(`${store}/full`), { recursive: true })
  assert.match(await refusal(() => opened(store).then(() => undefined)), 'is no array')
})

test('creates images with a level a mip', async () => {
  const described = {
    channels: 3,
    dtype: 'float32',
    layerType: 'image',
    encoding: 'raw',
    voxelSizeNm: zyx(40, 8, 4),
    box: boxFromSize(zyx(10, -3, 5), zyx(7, 9, 11)),
    blockSize: zyx(4, 4, 4),
    factor: zyx(1, 2, 2),
    maximumMip: 1,
  } as const
  assert.match(await refusal(() => format.create('n5://created.zarr', described)), 'zarr-unsupported')
  assert.match(await refusal(() => format.create('zarr3://created.zarr', described)), 'zarr-options')
  assert.not(existsSync(folder.file('created.zarr')))
  const created = await format.create('created.zarr', described)
  const [, coarse] = created.description.scales
  assert.equal([...coarse!.box.start, ...coarse!.box.stop], [10, -2, 2, 17, 3, 8])
  assert.equal([...coarse!.voxelSizeNm], [40, 16, 8])
  const chunk = rampChunk([3, 4, 4, 4], { dtype: 'float32', voxelOffset: [10, -2, 2] })
  await created.write(chunk, { mip: 1 })
  const read = await created.read({
    mip: 1,
    box: boxFromSize(zyx(10, -2, 2), zyx(4, 4, 4)),
    fillMissing: true,
  })
  assert.ok(sameVoxels(read, chunk))
})

test('the levels of an N5 image', async () => {
  for (const level of [0, 1]) {
    mkdirSync(folder.file(`pyramid.n5/s${level}/0/0`), { recursive: true })
    const factor = 2 ** level
    const attributes = {
      dimensions: [4 / factor, 4 / factor, 2],
      blockSize: [4, 4, 2],
      dataType: 'uint8',
      compression: { type: 'raw' },
      downsamplingFactors: [factor, factor, 1],
    }
    writeFileSync(folder.file(`pyramid.n5/s${level}/attributes.json`), JSON.stringify(attributes))
  }
  writeFileSync(folder.file('pyramid.n5/attributes.json'), JSON.stringify({ resolution: [4, 4, 40] }))
  const { scales } = (await opened('n5://pyramid.n5')).description
  assert.equal(
    scales.map(({ box, voxelSizeNm }) => [...box.stop, ...voxelSizeNm]),
    [
      [2, 4, 4, 40, 4, 4],
      [2, 2, 2, 40, 8, 8],
    ],
  )
})

test('levels of another format than the image, and paths that ask for one, are refused before anything is made', async () => {
  const store = 'mixed.zarr'
  const chunk = rampChunk([4, 4, 4], { dtype: 'uint8' })
  await folder.save(chunk, { store, ome: true })
  for (const dryRun of [true, false])
    assert.match(
      await refusal(() => folder.save(chunk, { store, ome: true, mip: 1, zarrFormat: 3 }, { dryRun })),
      /zarr-options: .* is a group of Zarr 2, .* --zarr-format 2/,
    )
  assert.not(existsSync(folder.file(`${store}/1`)))
  assert.match(
    await refusal(() => folder.save(chunk, { store: 'gap.zarr', ome: true, mip: 2 }, { dryRun: true })),
    'mip 2 cannot be the next',
  )
})

test('metadata of an image that do not fit its array are refused', async () => {
  const store = 'misfit.zarr'
  await folder.save(rampChunk([2, 3, 4, 5], { dtype: 'uint8' }), { store, path: '0', order: 'zyx' })
  const refused = (axes: string, ...coordinateTransformations: object[]): Promise<string> => {
    const image = {
      axes: [...axes].map((name) => ({ name })),
      datasets: [{ path: '0', coordinateTransformations }],
    }
    writeFileSync(folder.file(`${store}/.zattrs`), JSON.stringify({ multiscales: [image] }))
    return refusal(() => folder.read({ store }))
  }
  assert.match(await refused('zyx'), /zarr-metadata-invalid: .* say 4 axes, those of its image 3: z y x/)
  assert.match(await refused('czyx', { type: 'scale', scale: [1, 4, 0, 4] }), 'a scale 0 of the axis y')
  assert.match(await refused('czyx', { type: 'scale', scale: [1, 4, -2, 4] }), 'a scale -2 of the axis y')
})

test.run()
