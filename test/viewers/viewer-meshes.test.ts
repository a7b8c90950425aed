/** Meshes beside a volume, made by `mesh`, in a real browser. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { decode } from 'fast-png'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT, succeeds, workFolder } from '../pipelines/chunkflow.js'
import { browserWhile, openPage, startViewing, type WatchedPage } from './browser.js'
import { settled, stateOf } from './neuroglancer-page.js'

const test = suite('meshes in a browser')
const folder = workFolder()
const { cwd, file } = folder
const browserNow = browserWhile(test)
test.after(() => folder.remove())

const SIZE = [22, 120, 140] as const

/** A real segmentation, as a volume with meshes; the ids of its largest objects. */
async function makeVolume(): Promise<number[]> {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const stored = gunzipSync(readFileSync(path.join(ROOT, 'test/fixtures/agglomerate/segmentation_7.u32.gz')))
  const data = new Uint32Array(new Uint8Array(stored).buffer)
  const made = new h5wasm.File(file('seg.h5'), 'w')
  made.create_dataset({ name: 'main', data, shape: [...SIZE] })
  made.create_dataset({ name: 'voxel_offset', data: new BigInt64Array([40n, -16n, 8n]), shape: [3] })
  made.create_dataset({ name: 'voxel_size', data: new BigInt64Array([16n, 8n, 8n]), shape: [3] })
  made.close()
  await succeeds(
    'load-h5 -f seg.h5 --layer-type segmentation save-precomputed -v seg --block-size 22 60 70 mesh -o seg -f 8 --manifest',
    { cwd },
  )
  const counts = new Map<number, number>()
  for (const id of data) if (id !== 0) counts.set(id, (counts.get(id) ?? 0) + 1)
  return [...counts].sort((left, right) => right[1] - left[1]).map(([id]) => id)
}

/** Shows objects in three dimensions, without the sections. @returns how many pixels are coloured */
async function colouredPixels(watched: WatchedPage, segments: readonly number[]): Promise<number> {
  const state = await stateOf(watched)
  await watched.page.evaluate(
    (value) => {
      window.viewer.state.reset()
      window.viewer.state.restoreState(value)
    },
    {
      ...state,
      layout: '3d',
      showSlices: false,
      showAxisLines: false,
      showScaleBar: false,
      showDefaultAnnotations: false,
      projectionOrientation: [0.3, 0.4, 0.1, 0.85],
      layers: state.layers.map((layer) => ({ ...layer, segments: segments.map(String) })),
    },
  )
  await settled(watched)
  const clip = { x: 340, y: 150, width: 600, height: 500 }
  const { data, channels } = decode(await watched.page.screenshot({ clip }))
  let coloured = 0
  for (let index = 0; index < data.length; index += channels) {
    const pixel = [data[index]!, data[index + 1]!, data[index + 2]!]
    if (Math.max(...pixel) - Math.min(...pixel) > 30) coloured++
  }
  return coloured
}

for (const [name, line] of [
  ['open', `open file://${cwd}/seg`],
  ['neuroglancer', `neuroglancer --volume seg=file://${cwd}/seg`],
] as const)
  test(`${name}: surfaces of picked objects`, async () => {
    const browser = browserNow()
    if (browser === null) return
    const ids = await makeVolume()
    const session = await startViewing(line, { cwd })
    try {
      const watched = await openPage(browser, session)
      await settled(watched)
      const one = await colouredPixels(watched, ids.slice(3, 4))
      const many = await colouredPixels(watched, ids.slice(0, 12))
      await watched.screenshot(`meshes-${name}`)
      const unknown = await colouredPixels(watched, [987654])
      assert.ok(one > 2000, `${one} pixels of one object`)
      assert.ok(many > 2 * one, `${many} pixels of twelve objects, ${one} of one`)
      assert.is(unknown, 0)
      assert.equal(watched.troubles, [])
      await watched.page.click('#finish')
      await watched.page.waitForSelector('#finished')
      await watched.page.close()
      assert.is(await session.exit, 0, session.output().stderr)
    } finally {
      session.child.kill('SIGKILL')
    }
  })

test.run()
