/** The commands of section 8.2 of the operator specification, with the values given there. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { countValues, filesIn, readHdf5, succeeds, sum, withoutTmp, workFolder } from './chunkflow.js'

const test = suite('script commands')
const folder = workFolder()
const { cwd, file } = folder
const run = (line: string) => succeeds(withoutTmp(line, cwd), { cwd })
test.after(() => folder.remove())

async function voxels(name: string): Promise<{
  shape: readonly number[]
  values: ArrayLike<number | bigint>
  offset: number[]
  layerType: unknown
  keys: string[]
}> {
  const opened = await readHdf5(file(name))
  const { shape, values } = opened.dataset('main')
  const offset = Array.from(opened.dataset('voxel_offset').values, Number)
  opened.close()
  return { shape, values, offset, layerType: opened.attributes.layer_type, keys: opened.keys }
}

test('C1: one empty task', async () => {
  const { stdout, stderr } = await run('generate-tasks -c 0 0 0 -s 0 0 0 -g 1 1 1')
  assert.match(stdout + stderr, '0-0_0-0_0-0')
})

test('C2, C3: downsample images by average and labels by mode', async () => {
  await run('create-chunk --dtype uint8 --pattern sin downsample save-h5 -f /tmp/c2.h5')
  const image = await voxels('c2.h5')
  assert.equal(image.shape, [32, 32, 32])
  assert.is(sum(image.values), 5307179)
  await run('create-chunk --dtype uint32 --pattern sin downsample save-h5 -f /tmp/c3.h5')
  assert.equal(
    [...countValues((await voxels('c3.h5')).values)]
      .sort(([left], [right]) => left - right)
      .map(([, count]) => count),
    [11326, 1751, 10355, 8520, 816],
  )
})

test('C4: a blank chunk is skipped and nothing written', async () => {
  mkdirSync(file('blank'))
  await run('create-chunk --pattern zero skip-all-zero save-h5 -f /tmp/blank/')
  assert.equal(filesIn(file('blank')), [])
})

test('C5, C6: a saved chunk marks its task as done', async () => {
  mkdirSync(file('done'))
  await run('--dry-run create-chunk save-h5 -f /tmp/done/')
  assert.equal(filesIn(file('done')), [])
  await run('create-chunk save-h5 -f /tmp/done/')
  assert.equal(filesIn(file('done')), ['0-64_0-64_0-64.h5'])
  const saved = await voxels('done/0-64_0-64_0-64.h5')
  assert.equal(saved.offset, [0, 0, 0])
  assert.is(saved.layerType, 'image')
  assert.not.ok(saved.keys.includes('unique_nonzeros'))
  assert.is(sum(saved.values), 42595554)
  const { stderr } = await run(
    'generate-tasks --roi-start 0 0 0 --chunk-size 64 64 64 skip-task --prefix /tmp/done/ --suffix .h5 create-chunk save-h5 -f /tmp/done/again.h5',
  )
  assert.match(stderr, 'skipped')
  assert.not.ok(existsSync(file('done/again.h5')))
})

test('C8: a segmentation against itself', async () => {
  const { stdout } = await run('create-chunk -o seg create-chunk -o gt evaluate-segmentation -s seg -g gt')
  for (const line of ['Rand split: 1', 'Rand merge: 1', 'VOI split: 0', 'VOI merge: 0'])
    assert.match(stdout, line)
  assert.match(stdout, /rand index: *1\.000/i)
  assert.match(stdout, /\(0, 0\)/)
})

test('C10: sections as PNG', async () => {
  await run('create-chunk save-pngs -o /tmp/pngs')
  const names = filesIn(file('pngs'))
  assert.is(names.length, 64)
  assert.equal([names[0], names[63]], ['00000.png', '00063.png'])
})

test('C11: intensities in [-1, 1]', async () => {
  await run('create-chunk normalize-intensity save-h5 -f /tmp/c11.h5')
  const { values } = await voxels('c11.h5')
  assert.ok(values instanceof Float32Array)
  let [low, high] = [1, -1]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  assert.is(low, -1)
  assert.is(high.toFixed(4), '0.9922')
})

test('C12, C13: components of a thresholded image', async () => {
  await run(
    '--dry-run create-chunk save-h5 --file-name="/tmp/img.h5" connected-components --threshold 128 save-h5 --file-name=/tmp/seg.h5',
  )
  assert.not.ok(existsSync(file('img.h5')))
  await run(
    'create-chunk save-h5 --file-name="/tmp/img.h5" connected-components --threshold 128 save-h5 --file-name=/tmp/seg.h5',
  )
  const { values, layerType, keys } = await voxels('seg.h5')
  assert.equal(
    [1, 2, 3, 4].map((label) => countValues(values).get(label)),
    [13079, 84584, 71039, 6545],
  )
  assert.is(layerType, 'segmentation')
  assert.ok(keys.includes('unique_nonzeros'))
  await run('load-h5 --file-name=/tmp/img.h5')
})

test('C14 to C17: TIFF round trips', async () => {
  await run('create-chunk save-tif -f "/tmp/img.tif"')
  await run('load-tif -f "/tmp/img.tif" save-h5 -f /tmp/from-tif.h5')
  assert.is(sum((await voxels('from-tif.h5')).values), 42595554)
  await run('create-chunk --dtype uint16 --pattern sin save-tif -f /tmp/seg.tif')
  await run('load-tif -f /tmp/seg.tif save-h5 -f /tmp/seg-from-tif.h5')
  const { values, shape } = await voxels('seg-from-tif.h5')
  assert.ok(values instanceof Uint16Array)
  assert.equal(shape, [64, 64, 64])
  assert.equal(
    [1, 2, 3, 4].map((label) => countValues(values).get(label)),
    [13079, 84584, 71039, 6545],
  )
})

test('NRRD round trip', async () => {
  await run(
    'create-chunk --dtype uint16 --pattern sin --voxel-offset 3 -2 1 --voxel-size 40 8 4 save-nrrd -f /tmp/img.nrrd',
  )
  await run('load-nrrd -f /tmp/img.nrrd --header-geometry save-h5 -f /tmp/img.h5')
  const read = await readHdf5(file('img.h5'))
  assert.equal(Array.from(read.dataset('voxel_size').values, Number), [40, 8, 4])
  assert.equal(Array.from(read.dataset('voxel_offset').values, Number), [3, -2, 1])
  // 64³ voxels in four components, with the sizes of 2.6
  assert.equal(
    [...countValues(read.dataset('main').values)].sort(([left], [right]) => left - right),
    [
      [0, 86_897],
      [1, 13_079],
      [2, 84_584],
      [3, 71_039],
      [4, 6545],
    ],
  )
  read.close()
})

test('C18: the info of a segmentation', async () => {
  mkdirSync(file('seg'))
  await run(
    'create-chunk --size 128 128 128 --dtype uint32 --pattern sin create-info --voxel-size 8 8 8 --block-size 64 64 64 --output-layer-path file:///tmp/seg/',
  )
  const info = JSON.parse(readFileSync(file('seg/info'), 'utf8'))
  assert.is(info.type, 'segmentation')
  assert.is(info.data_type, 'uint32')
  assert.is(info.num_channels, 1)
  const [scale] = info.scales
  assert.equal(
    [scale.size, scale.resolution, scale.key, scale.chunk_sizes, scale.voxel_offset],
    [[128, 128, 128], [8, 8, 8], '8_8_8', [[64, 64, 64]], [0, 0, 0]],
  )
})

test('C22, C23: identity inference', async () => {
  await run(
    'create-chunk --size 36 448 448 inference --input-patch-size 20 256 256 --patch-num 2 2 2 --framework identity --batch-size 3 save-h5 -f /tmp/c22.h5',
  )
  const { shape, values, offset } = await voxels('c22.h5')
  assert.equal(shape, [3, 28, 320, 320])
  assert.equal(offset, [4, 64, 64])
  const voxelsPerChannel = 28 * 320 * 320
  const channel = (index: number) =>
    (values as Float32Array).subarray(index * voxelsPerChannel, (index + 1) * voxelsPerChannel)
  assert.ok(Math.abs(sum(channel(0)) - 464029872 / 255) < 1)
  assert.equal(channel(1), channel(0))
  assert.equal(channel(2), channel(0))
  await run(
    'create-chunk --pattern zero --size 36 448 448 inference --input-patch-size 20 256 256 --patch-num 2 2 2 --framework identity --batch-size 3 save-h5 -f /tmp/c23.h5',
  )
  assert.is(sum((await voxels('c23.h5')).values), 0)
})

test.run()
