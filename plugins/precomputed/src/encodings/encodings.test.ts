import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { allocate, type BlockShape, DTYPE_NAMES } from '@chunkflow/sdk'
import {
  askPython,
  type EncodedSample,
  encodingConformance,
  inlineCompute,
  seededRandom,
  temporaryFolder,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compressedSegmentation } from './compressed-segmentation.js'
import { compresso } from './compresso.js'
import { jpegEncoding } from './jpeg.js'
import { pngEncoding } from './png.js'
import { rawEncoding } from './raw.js'

const segmentation = compressedSegmentation(inlineCompute())
const labels = compresso(inlineCompute())

for (const [name, checks] of [
  [
    'raw',
    encodingConformance(rawEncoding(), {
      dtypes: DTYPE_NAMES.filter((dtype) => dtype !== 'bool'),
      channels: [1, 2, 5],
    }),
  ],
  ['png', encodingConformance(pngEncoding(), { dtypes: ['uint8', 'uint16'], channels: [1, 2, 3, 4] })],
  ['jpeg', encodingConformance(jpegEncoding(), { dtypes: ['uint8'], channels: [1, 3], tolerance: 6 })],
  [
    'compressed_segmentation',
    encodingConformance(segmentation, { dtypes: ['uint32', 'uint64'], channels: [1, 3] }),
  ],
  [
    'compresso',
    encodingConformance(labels, {
      dtypes: ['uint8', 'uint16', 'uint32', 'uint64'],
      samples: [twoSlices('uint64'), twoSlices('uint8')],
    }),
  ],
] as const) {
  const conformance = suite(`encoding ${name}`)
  for (const check of checks) conformance(check.name, check.run)
  conformance.run()
}

/**
 * A compresso stream made by hand from the format's description: 4×3×2 voxels (xyz) in windows of 2×2×1. B marks borders: the
 * voxel to the right or the one below differs.
 *
 *     z 0   5 5 5 5    . . B B     z 1   all 9
 *           5 5 9 9    B B . .
 *           9 9 9 9    . . . .
 */
function twoSlices(dtype: 'uint8' | 'uint64'): EncodedSample {
  const rows = [
    [5, 5, 5, 5, 5, 5, 9, 9, 9, 9, 9, 9],
    [9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9],
  ].flat()
  const voxels = allocate(dtype, 24)
  for (const [index, value] of rows.entries()) voxels[index] = dtype === 'uint64' ? BigInt(value) : value
  const width = dtype === 'uint64' ? 8 : 1
  // pieces between borders in raster order: two of slice 0, one of slice 1
  const ids = [5, 9, 9]
  // bits x + 2 y of a window: no border; the lower row; the upper row
  const values = [0, 0b1100, 0b0011]
  // only the last voxel of the first row has no piece to its left or above it: 0 is "as the left one"
  const locations = [0]
  // numbers of the windows, doubled; the odd code is a run of zeros: two of slice 0, four of slice 1
  const windows = [1 << 1, 2 << 1, (6 << 1) | 1]
  const word = (value: number): number[] => [value, ...Array(width - 1).fill(0)]
  const bytes = [
    ...Buffer.from('cpso'),
    ...[0, width, 4, 0, 3, 0, 2, 0, 2, 2, 1],
    ...[ids.length, 0, 0, 0, 0, 0, 0, 0, values.length, 0, 0, 0, locations.length, 0, 0, 0, 0, 0, 0, 0, 4],
    ...ids.flatMap(word),
    ...values,
    ...locations.flatMap(word),
    ...windows,
  ]
  return { bytes: Uint8Array.from(bytes), block: { dtype, shapeCzyx: [1, 2, 3, 4], settings: {} }, voxels }
}

const test = suite('pictures and samples')
test.after(async () => {
  await segmentation.dispose()
  await labels.dispose()
})

/** Says what Pillow finds in a picture: mode, size, samples. */
const PILLOW = `
import sys
import numpy as np
from PIL import Image
image = Image.open(sys.argv[1])
print(image.mode, *image.size)
np.asarray(image).astype('<u2' if image.mode.startswith('I') else 'u1').tofile(sys.argv[2])`

/** A grey ramp with noise, as microscopy looks. */
function image(block: BlockShape): Uint8Array {
  const [channels, z, y, x] = block.shapeCzyx
  const data = allocate('uint8', channels * z * y * x) as Uint8Array
  const random = seededRandom(9)
  for (let index = 0; index < data.length; index++) data[index] = 60 + (index % x) + Math.floor(random() * 40)
  return data
}

test('Pillow decodes the same bytes to the same voxels', async () => {
  const folder = temporaryFolder()
  try {
    const file = path.join(folder.path, 'picture')
    for (const [encoding, dtype, shape, mode, tolerance] of [
      [jpegEncoding(), 'uint8', [1, 8, 32, 64], 'L', 1],
      [pngEncoding(), 'uint8', [1, 8, 32, 64], 'L', 0],
      [pngEncoding(), 'uint16', [1, 3, 10, 17], 'I', 0],
      [pngEncoding(), 'uint8', [3, 3, 10, 17], 'RGB', 0],
      [jpegEncoding(), 'uint8', [3, 8, 32, 64], 'RGB', 3],
    ] as const) {
      const block: BlockShape = { dtype, shapeCzyx: shape, settings: {} }
      const [channels, z, y, x] = shape
      const source = image(block)
      const voxels = allocate(dtype, source.length) as Uint16Array
      for (const [index, value] of source.entries()) voxels[index] = dtype === 'uint16' ? value * 257 : value
      const bytes = await encoding.encode(voxels, block)
      writeFileSync(file, bytes)
      const said = askPython(['numpy', 'PIL'], PILLOW, { args: [file, `${file}.out`] })
      if (said === null) return
      // x fastest, then y and z, as the format asks; one component for each channel
      // 16 bits are I or I;16, as the version has it
      assert.is(said.replace(';16', ''), `${mode} ${x} ${y * z}`)
      const raw = new Uint8Array(readFileSync(`${file}.out`))
      const theirs = dtype === 'uint16' ? new Uint16Array(raw.buffer) : raw
      const ours = allocate(dtype, source.length)
      await encoding.decode(bytes, block, ours)
      let most = 0
      const pixels = z * y * x
      for (let channel = 0; channel < channels; channel++)
        for (let pixel = 0; pixel < pixels; pixel++)
          most = Math.max(
            most,
            Math.abs(Number(ours[channel * pixels + pixel]) - theirs[pixel * channels + channel]!),
          )
      assert.ok(most <= tolerance, `${mode}: ${most}`)
    }
  } finally {
    folder.remove()
  }
})

test('a block too high for a picture becomes a wide one, and settings are obeyed', async () => {
  const tall: BlockShape = { dtype: 'uint8', shapeCzyx: [1, 300, 300, 4], settings: { jpeg_quality: 95 } }
  const jpeg = jpegEncoding()
  assert.is(jpeg.refuses(tall), undefined)
  const voxels = image(tall)
  const target = allocate('uint8', voxels.length)
  const fine = await jpeg.encode(voxels, tall)
  await jpeg.decode(fine, tall, target)
  const coarse = await jpeg.encode(voxels, { ...tall, settings: { jpeg_quality: 20 } })
  assert.ok(coarse.length * 2 < fine.length)
  assert.match(jpeg.refuses({ ...tall, shapeCzyx: [1, 70000, 300, 300] })!, 'side over 65500')
  assert.match(jpeg.refuses({ ...tall, settings: { jpeg_quality: 101 } })!, 'jpeg_quality is 101')
  assert.match(pngEncoding().refuses({ ...tall, settings: { png_level: 'x' } })!, 'png_level is "x"')
})

test('pictures of another size, format or depth are refused by name', async () => {
  const block: BlockShape = { dtype: 'uint8', shapeCzyx: [1, 2, 3, 4], settings: {} }
  const png = await pngEncoding().encode(allocate('uint8', 24), block)
  const refusal = async (action: () => unknown): Promise<string> => {
    try {
      await action()
    } catch (error) {
      return (error as Error).message
    }
    return 'accepted'
  }
  const target = allocate('uint16', 24)
  assert.match(
    await refusal(() => jpegEncoding().decode(png, block, target)),
    'it is a png picture, not jpeg',
  )
  assert.match(
    await refusal(() => pngEncoding().decode(png, { ...block, dtype: 'uint16' }, target)),
    '4×6 pixels with 1 channels (uchar) is not 1×2×3×4 voxels (czyx) of uint16',
  )
  assert.match(
    await refusal(() => pngEncoding().decode(png, { ...block, shapeCzyx: [1, 2, 3, 5] }, target)),
    '4×6 pixels',
  )
})

/** SHA-256 of the labels, little endian, z y x: of slices 64 to 127 of the HDF5 file that its authors' decoder made. */
const PINKY = '09b253156eeb6b63340a8eb3518852e00bffe4920ecf48a18cc861a7c4dc4ffe'

test('decodes a real compresso block to the labels that its authors decoded', async () => {
  const file = new URL('../../../../test/fixtures/pinky40/0-256_0-256_64-128.gz', import.meta.url)
  const target = allocate('uint32', 64 * 256 * 256)
  await labels.decode(
    gunzipSync(readFileSync(file)),
    { dtype: 'uint32', shapeCzyx: [1, 64, 256, 256], settings: {} },
    target,
  )
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
  assert.is(createHash('sha256').update(bytes).digest('hex'), PINKY)
})

test.run()
