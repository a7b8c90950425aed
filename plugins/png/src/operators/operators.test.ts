import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type AnyOperator, boxFromSize, type Chunk, createChunk, parseOptions, zyx } from '@chunkflow/sdk'
import { labelColor } from '@chunkflow/sdk/numerics'
import {
  askPython,
  codeOf,
  ODD_PLACEMENT,
  ODD_SHAPE,
  rampChunk,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodePng } from '../png-image.js'
import { pngReader } from '../reader.js'
import { sectionName } from '../section-name.js'
import loadPng from './load-png.js'
import savePngs from './save-pngs.js'
import snapshot from './snapshot.js'

const test = suite('png')
const folder = temporaryFolder()
test.after(() => folder.remove())
const files = testFiles(folder.path)
const file = (name: string): string => path.join(folder.path, name)
const run = (
  definition: AnyOperator,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
  dryRun = false,
) => runOperator(definition, { options: options as never, variables, services: { files }, dryRun })
const load = async (
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
): Promise<Chunk> => (await run(loadPng, options, variables)).task.get<Chunk>('chunk')
const pillow = (program: string): string | null =>
  askPython(['numpy', 'PIL'], `import numpy as np\nfrom PIL import Image\n${program}`, { cwd: folder.path })
const array = (chunk: Chunk): number[] => Array.from(chunk.data as Uint8Array)

test('names sections by their global z', () => {
  assert.equal(
    [sectionName(0), sectionName(42), sectionName(-3), sectionName(123456), sectionName(7, 2)],
    ['00000.png', '00042.png', '-0003.png', '123456.png', '07.png'],
  )
})

test('saves 8 and 16 bits, loads them back, with offset and size', async () => {
  const image = rampChunk([5, 6, 8], { dtype: 'uint8', voxelOffset: [-2, 3, 4] })
  await run(savePngs, { outputPath: 'eight' }, { chunk: image })
  assert.equal(readdirSync(file('eight')).sort(), [
    '-0001.png',
    '-0002.png',
    '00000.png',
    '00001.png',
    '00002.png',
  ])
  // sorted by name -1 comes before -2; a box asks for each z
  const box = boxFromSize(zyx(-2, 3, 4), zyx(5, 6, 8))
  const back = await load({ path: 'eight', voxelOffset: [0, 3, 4], voxelSize: [40, 8, 8] }, { bbox: box })
  assert.equal(back.data, image.data)
  assert.equal(
    [back.shape, back.voxelOffset, back.voxelSize, back.layerType],
    [[5, 6, 8], [-2, 3, 4], [40, 8, 8], 'image'],
  )
  const wide = rampChunk([2, 40, 50], { dtype: 'uint16' })
  await run(savePngs, { outputPath: 'sixteen/', dtype: 'uint16' }, { chunk: wide })
  const loaded = await load({ path: 'sixteen', voxelOffset: [7, -3, 11] })
  assert.equal([loaded.dtype, loaded.shape, loaded.voxelOffset], ['uint16', [2, 40, 50], [7, -3, 11]])
  assert.equal(loaded.data, wide.data)
  const seen = pillow(`
a = np.stack([np.asarray(Image.open(f'sixteen/0000{z}.png')) for z in range(2)])
assert np.array_equal(a, np.arange(4000).reshape(2, 40, 50)), a
image = Image.open('eight/-0001.png')
assert image.mode == 'L' and np.array_equal(np.asarray(image), np.arange(48, 96).reshape(6, 8))
print('equal')`)
  if (seen !== null) assert.match(seen, 'equal')
})

test('a cutout takes z from the names, rows and columns relative to the offset', async () => {
  const image = rampChunk(ODD_SHAPE, { dtype: 'uint16', ...ODD_PLACEMENT })
  await run(savePngs, { outputPath: 'cut', dtype: 'uint16' }, { chunk: image })
  const at = (z: number, y: number, x: number): number => (z * 9 + y) * 14 + x
  const options = { path: 'cut', voxelOffset: ODD_PLACEMENT.voxelOffset }
  const part = await load({ ...options, cutoutOffset: [8, -1, 15], chunkSize: [2, 2, 3] })
  assert.equal(
    [part.shape, part.voxelOffset],
    [
      [2, 2, 3],
      [8, -1, 15],
    ],
  )
  assert.equal(
    array(part),
    [1, 2].flatMap((z) => [2, 3].flatMap((y) => [4, 5, 6].map((x) => at(z, y, x)))),
  )
  // the same by a prefix of the names, and by the task's box
  const box = boxFromSize(zyx(8, -1, 15), zyx(2, 2, 3))
  assert.equal((await load({ ...options, path: 'cut/' }, { bbox: box })).data, part.data)
  // beyond the images: zeros, and a word about it
  const outside = await run(loadPng, { ...options, cutoutOffset: [6, -4, 10], chunkSize: [2, 2, 2] })
  assert.equal(array(outside.task.get<Chunk>('chunk')), [0, 0, 0, 0, 0, 0, 0, 0])
  assert.match(outside.messages.warn.join(), '1 of 2 sections')
  assert.match(outside.messages.warn.join(), '00006.png')
  assert.match(outside.messages.warn.join(), 'beyond 1 of its images')
  const corner = await load({ ...options, cutoutOffset: [7, -4, 10], chunkSize: [1, 2, 2] })
  assert.equal(array(corner), [0, 0, 0, at(0, 0, 0)])
})

test('missing sections are zero; without any the type must be given', async () => {
  const options = { path: 'nothing-', chunkSize: [2, 1, 3] }
  assert.is(await codeOf(load(options)), 'png-missing')
  const zeros = await load({ ...options, dtype: 'uint32' })
  assert.equal([zeros.dtype, ...array(zeros)], ['uint32', 0, 0, 0, 0, 0, 0])
})

test('one file, a prefix, other digits, another type', async () => {
  for (const z of [3, 4])
    writeFileSync(file(`slice_${sectionName(z, 3)}`), await encodePng(2, 1, Uint8Array.of(z, 10 * z), 1))
  assert.equal(array(await load({ path: 'slice_003.png' })), [3, 30])
  assert.equal(array(await load({ path: 'slice_' })), [3, 30, 4, 40])
  const cut = await load({ path: 'slice_', digitNum: 3, cutoutOffset: [4, 0, 1], chunkSize: [1, 1, 1] })
  assert.equal(array(cut), [40])
  const floats = await load({ path: 'slice_', dtype: 'float32' })
  assert.equal([floats.dtype, ...floats.data], ['float32', 3, 30, 4, 40])
  const single = { path: 'slice_003.png', voxelOffset: [3, 0, 0] }
  const box = boxFromSize(zyx(2, 0, 0), zyx(2, 1, 2))
  assert.equal(array(await load(single, { bbox: box })), [0, 0, 3, 30])
  assert.is(await codeOf(load({ path: 'slice_003.png' }, { bbox: box })), 'png-options')
})

test('images of different size or depth are refused', async () => {
  mkdirSync(file('mixed'))
  writeFileSync(file('mixed/a.png'), await encodePng(2, 1, Uint8Array.of(1, 2), 1))
  writeFileSync(file('mixed/b.png'), await encodePng(2, 1, Uint16Array.of(1, 300), 1))
  assert.is(await codeOf(load({ path: 'mixed' })), 'png-mixed')
  assert.equal(array(await load({ path: 'mixed', dtype: 'uint16' })), [1, 2, 1, 300])
  writeFileSync(file('mixed/b.png'), await encodePng(1, 2, Uint8Array.of(1, 2), 1))
  assert.is(await codeOf(load({ path: 'mixed' })), 'png-mixed')
})

test('of colours the first channel; palettes, small depths and alpha', async () => {
  const made = pillow(`
a = (np.arange(15 * 9) * 29 % 256).astype('uint8').reshape(9, 15)
b = np.zeros_like(a) + 7
Image.fromarray(np.dstack([a, b, b])).save('rgb.png')
Image.fromarray(np.dstack([a, b, b, b])).save('rgba.png')
Image.fromarray(np.dstack([a, b]), mode='LA').save('la.png')
Image.fromarray(a > 100).save('bits.png')
p = Image.fromarray(a % 4, mode='P'); p.putpalette([10, 0, 0, 20, 0, 0, 30, 0, 0, 40, 0, 0])
p.save('palette.png'); p.save('palette2.png', bits=2)
Image.fromarray((a.astype('uint16') * 257)).save('sixteen.png')`)
  if (made === null) return
  const grey = Array.from({ length: 135 }, (_, index) => (index * 29) % 256)
  for (const name of ['rgb', 'rgba', 'la']) {
    const { task, messages } = await run(loadPng, { path: `${name}.png` })
    const chunk = task.get<Chunk>('chunk')
    assert.equal([chunk.shape, array(chunk)], [[1, 9, 15], grey], name)
    assert.match(messages.warn[0]!, 'the first is taken')
  }
  assert.equal(
    array(await load({ path: 'bits.png' })),
    grey.map((value) => (value > 100 ? 255 : 0)),
  )
  for (const name of ['palette', 'palette2'])
    assert.equal(
      array(await load({ path: `${name}.png` })),
      grey.map((value) => 10 * ((value % 4) + 1)),
      name,
    )
  const wide = await load({ path: 'sixteen.png' })
  assert.equal([wide.dtype, ...array(wide)], ['uint16', ...grey.map((value) => value * 257)])
})

test('no PNG, or a damaged one, is refused', async () => {
  writeFileSync(file('text.png'), 'no PNG at all, but long enough for a header')
  assert.is(await codeOf(load({ path: 'text.png' })), 'png-unreadable')
  assert.is(await codeOf(load({ path: 'nowhere.png' })), 'png-missing')
  mkdirSync(file('empty'))
  assert.is(await codeOf(load({ path: 'empty' })), 'png-missing')
  const whole = await encodePng(
    9,
    7,
    Uint8Array.from({ length: 63 }, (_, index) => index * 3),
    1,
  )
  for (let length = 0; length < whole.length; length += 5) {
    writeFileSync(file('short.png'), whole.subarray(0, length))
    assert.is(await codeOf(load({ path: 'short.png' })), 'png-unreadable', `${length} bytes`)
  }
  writeFileSync(file('short.png'), whole.slice().fill(0x55, 60, 64))
  assert.is(await codeOf(load({ path: 'short.png' })), 'png-unreadable')
})

test('floats in [0, 1] are scaled, affinities averaged, what does not fit is refused', async () => {
  const saved = async (chunk: Chunk, options: Record<string, unknown> = {}): Promise<number[]> => {
    await run(savePngs, { outputPath: 'out', ...options }, { chunk })
    return array(await load({ path: 'out/00000.png' }))
  }
  const map = createChunk(Float32Array.of(0, 0.5, 0.999, 1), [1, 1, 2, 2])
  assert.equal(await saved(map), [0, 127, 254, 255])
  assert.equal(await saved(map, { dtype: 'uint16' }), [0, 32767, 65469, 65535])
  const affinities = createChunk(Float32Array.of(1, 1, 0, 1, 0.5, 1), [3, 1, 1, 2])
  assert.equal(await saved(affinities), [63, 255])
  const labels = createChunk(Uint32Array.of(1, 300), [1, 1, 2])
  assert.is(await codeOf(run(savePngs, {}, { chunk: labels })), 'png-range')
  assert.equal(await saved(labels, { dtype: 'uint16' }), [1, 300])
  const two = createChunk(new Uint8Array(4), [2, 1, 1, 2])
  assert.is(await codeOf(run(savePngs, {}, { chunk: two })), 'shape-mismatch')
  const { messages } = await run(savePngs, { outputPath: 'dry' }, { chunk: map }, true)
  assert.match(messages.info[0]!, '1 images')
  assert.not.ok(readdirSync(folder.path).includes('dry'))
})

test('the reader describes without pixels and reads boxes', async () => {
  const reader = pngReader(files)
  assert.ok(reader.matches('a.PNG') && !reader.matches('a.tif'))
  await run(savePngs, { outputPath: 'read' }, { chunk: rampChunk([3, 4, 5], { dtype: 'uint8' }) })
  assert.equal(await reader.probe('read'), {
    shape: [3, 4, 5],
    dtype: 'uint8',
    voxelOffset: [0, 0, 0],
    voxelSize: null,
    layerType: null,
  })
  const part = await reader.read('read', { box: boxFromSize(zyx(1, 2, 3), zyx(2, 1, 2)) })
  assert.equal(
    [part.voxelOffset, array(part)],
    [
      [1, 2, 3],
      [33, 34, 53, 54],
    ],
  )
  assert.equal((await reader.read('read/00001.png')).shape, [1, 4, 5])
  assert.is(
    await codeOf(reader.read('read', { box: boxFromSize(zyx(2, 0, 0), zyx(2, 1, 1)) })),
    'chunk-outside',
  )
})

/** Width, height and red bytes of a snapshot, read by the library the operator does not use for pictures. */
async function pictured(
  options: Record<string, unknown>,
  variables: Record<string, unknown>,
): Promise<{ size: number[]; red: number[]; rgb: Uint8Array }> {
  await run(snapshot, { fileName: 'shot.png', ...options }, variables)
  const { decode } = await import('fast-png')
  const { width, height, data } = decode(readFileSync(file('shot.png')))
  const rgb = data as Uint8Array
  return { size: [width, height], red: [...rgb].filter((_, index) => index % 3 === 0), rgb }
}
const volume = createChunk(
  Uint8Array.from({ length: 24 }, (_, index) => index * 10),
  [2, 3, 4],
  { voxelOffset: [10, 20, 30], voxelSize: [16, 8, 8] },
)

test('snapshot: a section, by default the middle one', async () => {
  const middle = await pictured({}, { chunk: volume })
  assert.equal(middle.size, [4, 3])
  assert.equal(middle.red, [120, 130, 140, 150, 160, 170, 180, 190, 200, 210, 220, 230])
  assert.equal((await pictured({ z: 10 }, { chunk: volume })).red[5], 50)
  assert.is(await codeOf(run(snapshot, { z: 12 }, { chunk: volume })), 'chunk-outside')
  const windowed = await pictured({ min: 120, max: 220 }, { chunk: volume })
  assert.equal(windowed.red.slice(0, 3), [0, 26, 51])
})

test('snapshot: planes keep proportions', async () => {
  // voxels twice as deep as wide: each z takes two rows
  const xz = await pictured({ plane: 'xz', y: 20 }, { chunk: volume })
  assert.equal(
    [xz.size, xz.red],
    [
      [4, 4],
      [0, 10, 20, 30, 0, 10, 20, 30, 120, 130, 140, 150, 120, 130, 140, 150],
    ],
  )
  const yz = await pictured({ plane: 'yz', x: 33 }, { chunk: volume })
  assert.equal(
    [yz.size, yz.red.slice(0, 3)],
    [
      [3, 4],
      [30, 70, 110],
    ],
  )
  // 4 x 3 beside 4 x 3 (z across), 4 x 4 below, 4 pixels between
  const three = await pictured({ plane: 'three', z: 10, y: 20, x: 30 }, { chunk: volume })
  assert.equal(three.size, [4 + 4 + 4, 3 + 4 + 4])
  assert.equal(three.red.slice(8, 12), [0, 0, 120, 120])
  assert.equal(three.red.slice(7 * 12, 7 * 12 + 4), [0, 10, 20, 30])
})

test('snapshot: contact sheets and several chunks', async () => {
  const deep = rampChunk([10, 1, 1], { dtype: 'uint8', voxelOffset: [5, 0, 0] })
  const sheet = await pictured({ contactSheet: 5 }, { chunk: deep })
  assert.equal(sheet.size, [3 + 2 * 4, 2 + 4])
  assert.equal([sheet.red[0], sheet.red[5], sheet.red[10], sheet.red[55], sheet.red[60]], [1, 3, 5, 7, 9])
  assert.equal((await pictured({ contactSheet: 50, plane: 'yz' }, { chunk: deep })).size, [1, 10])
  const other = createChunk(new Uint8Array(4).fill(7), [1, 2, 2], { voxelOffset: [11, 21, 31] })
  const pair = await pictured({ inputNames: ['chunk', 'other'] }, { chunk: volume, other })
  assert.equal([pair.size, pair.red[8], pair.red[0]], [[4 + 4 + 2, 3], 7, 120])
  const far = createChunk(new Uint8Array(4), [1, 2, 2])
  assert.is(
    await codeOf(run(snapshot, { inputNames: ['chunk', 'far'] }, { chunk: volume, far })),
    'png-options',
  )
})

test('snapshot: labels over the image, and by themselves', async () => {
  const seg = createChunk(BigUint64Array.of(0n, 2n ** 40n), [1, 1, 2], { voxelOffset: [11, 21, 31] })
  const { rgb } = await pictured({ overlay: 'seg', opacity: 1 }, { chunk: volume, seg })
  const pixel = (x: number, y: number): number[] => [...rgb.subarray((y * 4 + x) * 3, (y * 4 + x) * 3 + 3)]
  const color = labelColor(0, 256)
  assert.equal(pixel(2, 1), [color & 0xff, (color >>> 8) & 0xff, color >>> 16])
  assert.equal(pixel(1, 1), [170, 170, 170])
  const alone = await pictured({ inputNames: ['seg'] }, { seg })
  assert.equal([...alone.rgb], [0, 0, 0, color & 0xff, (color >>> 8) & 0xff, color >>> 16])
  const each = await pictured(
    { inputNames: ['chunk', 'chunk[overlay=seg]'], opacity: 1, scale: 2 },
    { chunk: volume, seg },
  )
  assert.equal(each.size, [8 + 4 + 8, 6])
  assert.equal([each.red[2 * 20 + 4], each.red[2 * 20 + 12 + 4]], [180, color & 0xff])
  const floats = createChunk(new Float32Array(24), [2, 3, 4])
  assert.is(await codeOf(run(snapshot, { overlay: 'floats' }, { chunk: volume, floats })), 'png-options')
  const coarse = createChunk(new Uint32Array(1), [1, 1, 1], { voxelSize: [16, 16, 16] })
  assert.is(await codeOf(run(snapshot, { overlay: 'coarse' }, { chunk: volume, coarse })), 'png-options')
})

test('snapshot: maps of three channels in colour; named by the box', async () => {
  const affinities = createChunk(Float32Array.of(0, 0.5, 1), [3, 1, 1, 1], { voxelOffset: [-4, 0, 2] })
  await run(snapshot, {}, { chunk: affinities })
  assert.ok(readdirSync(folder.path).includes('-4--3_0-1_2-3.png'))
  const seen = pillow(`print(np.asarray(Image.open('-4--3_0-1_2-3.png')).tolist())`)
  if (seen !== null) assert.is(seen.trim(), '[[[0, 128, 255]]]')
  const dry = await run(snapshot, { fileName: 'not.png' }, { chunk: affinities }, true)
  assert.match(dry.messages.info[0]!, 'not.png')
  assert.not.ok(readdirSync(folder.path).includes('not.png'))
  const wrong = { fileName: 'shot.jpg' }
  assert.is(await codeOf(run(snapshot, wrong, { chunk: affinities })), 'png-options')
  assert.not.ok(readdirSync(folder.path).includes('shot.jpg'))
  const missing = { inputNames: ['chunk[overlay=labels]'] }
  assert.is(await codeOf(run(snapshot, missing, { chunk: affinities })), 'task-variable-missing')
  const options = parseOptions(snapshot, { plane: 'three', contactSheet: 4 })
  assert.throws(() => snapshot.infer?.({}, options as never), /one plane/)
})

test.run()
