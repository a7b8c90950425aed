/** The tutorial's viewer commands (section 8.1 of the operator specification) in a real browser, pixels against voxels. */
import { copyFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Hdf5Dataset, ROOT, readHdf5, succeeds, workFolder } from '../pipelines/chunkflow.js'
import { browserWhile, openPage, startViewing, type WatchedPage } from './browser.js'
import { lookAt, settled, stateOf, valuesInTheMiddle } from './neuroglancer-page.js'

const test = suite('viewer in a browser')
const folder = workFolder()
const { cwd, file } = folder
const browserNow = browserWhile(test)
test.after(() => folder.remove())

/** Runs a command line to its end while `look` has its page; the page's button lets the chain go on. */
async function viewing(line: string, look: (page: WatchedPage) => Promise<void>): Promise<void> {
  const browser = browserNow()
  if (browser === null) return
  const session = await startViewing(line, { cwd })
  try {
    const page = await openPage(browser, session)
    await settled(page)
    await look(page)
    assert.equal(page.troubles, [])
    await page.page.click('#finish')
    await page.page.waitForSelector('#finished')
    await page.page.close()
    assert.is(await session.exit, 0, session.output().stderr)
  } finally {
    session.child.kill('SIGKILL')
  }
}

const dataset = async (name: string, key = 'main'): Promise<Hdf5Dataset> => {
  const opened = await readHdf5(file(name))
  const found = opened.dataset(key)
  opened.close()
  return found
}
const voxelOf =
  ({ shape, values }: Hdf5Dataset, channel = 0) =>
  (z: number, y: number, x: number): number => {
    const [depth, height, width] = shape.slice(-3) as [number, number, number]
    return Number(values[((channel * depth + z) * height + y) * width + x])
  }
const close = (actual: readonly number[], expected: readonly number[], text: string): void =>
  assert.ok(
    actual.every((value, index) => Math.abs(value - expected[index]!) <= 2),
    `${text}: ${actual} instead of ${expected}`,
  )

test('T3: one image layer, every voxel in its place', async () => {
  await succeeds('create-chunk save-h5 -f sin.h5', { cwd })
  const at = voxelOf(await dataset('sin.h5'))
  await viewing('create-chunk neuroglancer', async (page) => {
    await page.screenshot('t3-neuroglancer')
    const state = await stateOf(page)
    assert.equal(
      state.layers.map(({ name, type }) => [name, type]),
      [['chunk', 'image']],
    )
    assert.equal((state.dimensions as { x: unknown }).x, [1e-9, 'm'])
    const pixel = await lookAt(page, { layout: 'xy', voxel: [20, 30, 40], pixels: 16, layers: ['chunk'] })
    for (const [x, y] of [
      [0, 0],
      [7, -5],
      [-9, 4],
      [1, 11],
    ] as const) {
      const grey = at(40, 30 + y, 20 + x)
      close(pixel(16 * x, 16 * y), [grey, grey, grey], `voxel ${x} ${y}`)
    }
    assert.equal(await valuesInTheMiddle(page), { chunk: String(at(40, 30, 20)) })
  })
})

test('T5: HDF5 of the form of CREMI, anisotropic', async () => {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const shape = [25, 150, 130]
  const values = Uint8Array.from({ length: 25 * 150 * 130 }, (_, index) => (index * 7) % 251)
  const made = new h5wasm.File(file('sample_A_20160501.hdf'), 'w')
  made.create_group('volumes')
  made.create_dataset({ name: '/volumes/raw', data: values, shape, chunks: [5, 50, 65], compression: 'gzip' })
  made.close()
  const at = voxelOf({ shape, values })
  const line =
    'load-h5 --file-name sample_A_20160501.hdf --dataset-path /volumes/raw neuroglancer --voxel-size 40 4 4'
  await viewing(line, async (page) => {
    await page.screenshot('t5-neuroglancer')
    const { dimensions } = (await stateOf(page)) as unknown as { dimensions: Record<string, unknown> }
    assert.equal(dimensions, { x: [4e-9, 'm'], y: [4e-9, 'm'], z: [4e-8, 'm'] })
    // x to the right, z down: a section is ten times as high as a voxel is wide
    const pixel = await lookAt(page, { layout: 'xz', voxel: [60, 70, 12], pixels: 4, layers: ['chunk'] })
    for (const [x, z] of [
      [0, 0],
      [5, 2],
      [-7, -3],
      [11, 4],
    ] as const) {
      const grey = at(12 + z, 70, 60 + x)
      for (const edge of [-15, 15]) close(pixel(4 * x, 40 * z + edge), [grey, grey, grey], `voxel ${x} ${z}`)
    }
  })
})

/** A file of the EM sample small enough for one patch of the network. */
async function emSample(): Promise<void> {
  copyFileSync(path.join(ROOT, 'test/fixtures/fib25/image-large.tif'), file('large.tif'))
  copyFileSync(path.join(ROOT, 'test/fixtures/model/model.onnx'), file('model.onnx'))
  await succeeds(
    'load-tif -f large.tif crop-margin -m 11 64 64 save-tif -f image.tif load-tif -f image.tif inference --framework onnx --convnet-model model.onnx --patch-size 18 192 192 --patch-overlap 4 64 64 --num-output-channels 3 --mask-output-chunk -o affs save-h5 -i affs -f affs.h5',
    { cwd },
  )
}

test('T10: image and components of a map, colours change across borders', async () => {
  if (browserNow() === null) return
  await emSample()
  await succeeds('load-h5 --file-name affs.h5 --channels 0 -o cleft save-tif -i cleft -f cleft.tif', { cwd })
  const chain =
    'load-tif -f image.tif -o image load-tif -f cleft.tif -o cleft connected-components -i cleft -o seg -t 0.1'
  await succeeds(`${chain} save-h5 -i seg -f seg.h5`, { cwd })
  const at = voxelOf(await dataset('seg.h5'))
  await viewing(`${chain} neuroglancer -c image,seg -v 30 6 6`, async (page) => {
    await page.screenshot('t10-neuroglancer')
    const [, seg] = (await stateOf(page)).layers
    assert.is(seg!.type, 'segmentation')
    const border = findBorder(at, 9, 192)
    const pixel = await lookAt(page, {
      layout: 'xy',
      voxel: [border.x, border.y, 9],
      pixels: 10,
      layers: ['seg'],
    })
    // the same label on both sides of the middle voxel's left half, another one right of the border
    assert.equal(pixel(0, 0), pixel(-10, 0))
    assert.not.equal(pixel(0, 0), pixel(10, 0))
    assert.equal(pixel(4, 0), pixel(0, 0))
    assert.equal(pixel(6, 0), pixel(10, 0))
    assert.is((await valuesInTheMiddle(page)).seg, String(at(9, border.y, border.x)))
  })
})

/** A voxel with the label of its left neighbour and another one than its right neighbour, neither being 0. */
function findBorder(
  at: (z: number, y: number, x: number) => number,
  z: number,
  size: number,
): { readonly y: number; readonly x: number } {
  for (let y = 40; y < size - 40; y++)
    for (let x = 40; x < size - 40; x++) {
      const label = at(z, y, x)
      if (label !== 0 && label === at(z, y, x - 1) && label !== at(z, y, x + 1)) return { y, x }
    }
  throw new Error('the sample has no border')
}

test('T12: image, affinities in red, green and blue, segmentation', async () => {
  if (browserNow() === null) return
  const affinity = await dataset('affs.h5')
  const line =
    'load-h5 --file-name affs.h5 -o affs agglomerate --threshold 0.7 --aff-threshold-low 0.001 --aff-threshold-high 0.9999 -i affs -o seg save-tif -i seg -f seg.tif load-tif --file-name image.tif -o image neuroglancer -c image,affs,seg -v 30 6 6'
  await viewing(line, async (page) => {
    await page.screenshot('t12-neuroglancer')
    const { layers } = await stateOf(page)
    assert.equal(
      layers.map(({ name, type }) => [name, type]),
      [
        ['image', 'image'],
        ['affs', 'image'],
        ['seg', 'segmentation'],
      ],
    )
    // a place where the three affinities differ, opaque over black
    const [x, y, z] = [100, 90, 9]
    await page.page.evaluate(() => {
      const state = window.viewer.state.toJSON() as { layers: { name: string; opacity?: number }[] }
      state.layers.find(({ name }) => name === 'affs')!.opacity = 1
      window.viewer.state.restoreState(state)
    })
    const pixel = await lookAt(page, { layout: 'xy', voxel: [x, y, z], pixels: 12, layers: ['affs'] })
    for (const [right, down] of [
      [0, 0],
      [9, -6],
      [-13, 5],
      [4, 10],
    ] as const) {
      const colors = [0, 1, 2].map((channel) =>
        Math.round(255 * voxelOf(affinity, channel)(z, y + down, x + right)),
      )
      close(pixel(12 * right, 12 * down), colors, `affinities ${right} ${down}`)
    }
  })
})

test('offsets, other voxel sizes and 64-bit ids: each layer where it belongs', async () => {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const ids = [2n ** 53n + 1n, 2n ** 63n + 12345n, 2n ** 64n - 1n]
  const labels = BigUint64Array.from({ length: 6 * 8 * 10 }, (_, index) => ids[index % 3]!)
  const made = new h5wasm.File(file('ids.h5'), 'w')
  made.create_dataset({ name: 'main', data: labels, shape: [6, 8, 10] })
  made.create_dataset({ name: 'voxel_offset', data: new BigInt64Array([100n, -20n, 30n]), shape: [3] })
  made.create_dataset({ name: 'voxel_size', data: new Float64Array([40, 8, 8]), shape: [3] })
  made.close()
  // twice as fine: the same place has twice the coordinates
  const line =
    'create-chunk --size 12 16 20 --voxel-offset 200 -40 60 --voxel-size 20 4 4 -o image load-h5 -f ids.h5 -o seg neuroglancer -i image[color=red],seg'
  await viewing(line, async (page) => {
    await page.screenshot('offsets-neuroglancer')
    const place = [66, -33, 205] as const
    await lookAt(page, { layout: 'xy', voxel: place, pixels: 20, layers: ['image', 'seg'] })
    // voxel 66 -33 205 of 4 4 20 nm lies in 33 -17 102 of 8 8 40 nm: index 3, 3 and 2 from the offset
    const index = (2 * 8 + 3) * 10 + 3
    assert.is((await valuesInTheMiddle(page)).seg, String(labels[index]))
    const picture = await lookAt(page, { layout: 'xy', voxel: place, pixels: 20, layers: ['image'] })
    const [red, green, blue] = picture(0, 0)
    assert.ok(red > 0 && green <= 2 && blue <= 2, `${red} ${green} ${blue} is not red`)
  })
})

test.run()
