/** Points, lines and meshes, which few operators make yet, drawn by Neuroglancer from the records that viewers take. */
import { decode } from 'fast-png'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openNeuroglancer } from '../../plugins/neuroglancer/src/neuroglancer-viewer.js'
import { inlineCompute, rampChunk, recordingLogger, serviceFamily } from '../../sdk/src/testing/index.js'
import { browserWhile, openPage, type WatchedPage } from './browser.js'
import { lookAt, settled, stateOf } from './neuroglancer-page.js'

const test = suite('records in a browser')
const browserNow = browserWhile(test)

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
  const session = await openNeuroglancer(
    [
      { name: 'image', value: rampChunk([40, 100, 100], { dtype: 'uint8', voxelSize: [40, 8, 8] }) },
      { name: 'points', value: [[20, 50, 60]], options: { color: 'red', size: '12' } },
      { name: 'syns', value: { pre: [[20, 20, 20]], post: [[0, 20, 20, 40]], resolution: [40, 8, 8] } },
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
