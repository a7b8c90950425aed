/** Points, lines and meshes, drawn by Neuroglancer from the records that viewers take. */
import { decode } from 'fast-png'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openNeuroglancer } from '../../plugins/neuroglancer/src/neuroglancer-viewer.js'
import skeletonize from '../../plugins/skeleton/src/operators/skeletonize.js'
import detectPoints from '../../plugins/synapse/src/operators/detect-points.js'
import { createChunk } from '../../sdk/src/index.js'
import {
  inlineCompute,
  memoryStore,
  rampChunk,
  recordingLogger,
  runOperator,
  serviceFamily,
} from '../../sdk/src/testing/index.js'
import { browserWhile, openPage, type WatchedPage } from './browser.js'
import { lookAt, settled, stateOf } from './neuroglancer-page.js'

const test = suite('records in a browser')
const browserNow = browserWhile(test)

/** A tube along x, 120 × 120 nm thick, around y 50 and z 20 of a volume of 40 × 100 × 100. */
const tube = createChunk(
  Uint32Array.from({ length: 40 * 100 * 100 }, (_, at) => {
    const [z, y, x] = [Math.floor(at / 10_000), Math.floor(at / 100) % 100, at % 100]
    return Math.abs(z - 20) < 2 && Math.abs(y - 50) < 8 && x >= 20 && x < 80 ? 9 : 0
  }),
  [40, 100, 100],
  { voxelSize: [40, 8, 8], layerType: 'segmentation' },
)
/** One bright voxel. */
const dot = createChunk(
  Uint8Array.from({ length: 40 * 100 * 100 }, (_, at) => (at === 20 * 10_000 + 30 * 100 + 60 ? 255 : 0)),
  [40, 100, 100],
  { voxelSize: [40, 8, 8], layerType: 'image' },
)

const CORNERS = [
  [0, 0, 0],
  [0, 0, 800],
  [0, 800, 0],
  [800, 0, 0],
]

test('points, synapses, skeletons and meshes draw where they belong, in their colours', async () => {
  const browser = browserNow()
  if (browser === null) return
  const { logger } = recordingLogger()
  const services = { compute: inlineCompute(), store: memoryStore() }
  const traced = await runOperator(skeletonize, { services, variables: { chunk: tube } })
  const detected = await runOperator(detectPoints, { services, variables: { chunk: dot } })
  const session = await openNeuroglancer(
    [
      { name: 'image', value: rampChunk([40, 100, 100], { dtype: 'uint8', voxelSize: [40, 8, 8] }) },
      { name: 'points', value: [[20, 50, 60]], options: { color: 'red', size: '12' } },
      { name: 'syns', value: { pre: [[20, 20, 20]], post: [[0, 20, 20, 40]], resolution: [40, 8, 8] } },
      { name: 'traced', value: traced.task.get('skels') },
      { name: 'detected', value: detected.task.get('point_cloud') },
      {
        name: 'skels',
        value: {
          7: {
            vertices: [
              [820, 404, 84],
              [820, 404, 244],
            ],
            edges: [[0, 1]],
          },
        },
      },
      {
        name: 'mesh',
        value: {
          [String(2n ** 63n + 5n)]: {
            vertices: CORNERS,
            faces: [
              [0, 1, 2],
              [0, 1, 3],
              [0, 2, 3],
              [1, 2, 3],
            ],
          },
        },
      },
    ],
    { button: 'Finish', voxelSizeNm: [40, 8, 8] },
    {
      services: { compute: inlineCompute(), encodings: serviceFamily({}) },
      page: new URL('../../plugins/neuroglancer/src/page/', import.meta.url),
      context: { logger, signal: new AbortController().signal, onInterrupt: () => () => {} },
    },
  )
  try {
    const watched = await openPage(browser, { url: session.url })
    await settled(watched)
    await watched.screenshot('records-neuroglancer')
    const at = async (x: number, y: number, layer: string) =>
      (await lookAt(watched, { layout: 'xy', voxel: [x, y, 20], pixels: 8, layers: [layer] }))(0, 0)
    assert.equal(await at(60, 50, 'points'), [255, 0, 0])
    assert.equal(await at(30, 20, 'syns'), [0, 255, 255])
    assert.equal(await at(20, 20, 'syns_pre'), [255, 255, 0])
    const skeleton = await at(20, 50, 'skels')
    assert.ok(Math.max(...skeleton) - Math.min(...skeleton) > 60, `${skeleton} is grey`)
    assert.equal(await at(60, 30, 'detected'), [255, 255, 0])
    // vertices lie at the lower corners of voxels, half a voxel (of 8 pixels) beside their middles
    const line = await lookAt(watched, { layout: 'xy', voxel: [50, 50, 19.5], pixels: 8, layers: ['traced'] })
    const colours = Array.from({ length: 17 }, (_, index) => line(0, index - 8))
    assert.ok(
      colours.some((pixel) => Math.max(...pixel) - Math.min(...pixel) > 60),
      `${colours}`,
    )
    assert.ok(await hasColour(watched), 'the mesh is not drawn')
    await watched.screenshot('mesh-neuroglancer')
    assert.equal(watched.troubles, [])
    await watched.page.close()
  } finally {
    await session.close()
  }
})

/** Something coloured in the middle of the three-dimensional view. */
async function hasColour(watched: WatchedPage): Promise<boolean> {
  const state = await stateOf(watched)
  await watched.page.evaluate(
    (value) => {
      window.viewer.state.reset()
      window.viewer.state.restoreState(value)
    },
    {
      ...state,
      layout: '3d',
      position: [40, 40, 5],
      projectionScale: 300,
      layers: state.layers.map((layer) => ({ ...layer, visible: layer.name === 'mesh' })),
    },
  )
  await settled(watched)
  const { data, channels } = decode(
    await watched.page.screenshot({ clip: { x: 540, y: 300, width: 200, height: 200 } }),
  )
  let coloured = 0
  for (let index = 0; index < data.length; index += channels) {
    const pixel = [data[index]!, data[index + 1]!, data[index + 2]!]
    if (Math.max(...pixel) - Math.min(...pixel) > 40) coloured++
  }
  return coloured > 1000
}

test.run()
