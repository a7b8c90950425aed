import { isChunk } from '@chunkflow/kernel/authoring'
import type { Reader, Volume, VolumeFormat } from '@chunkflow/sdk'
import { randomChunk, refusal, serviceFamily, temporaryFolder, testFiles } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findLayers, type LayerServices } from './find-layers.js'

const test = suite('open')
const folder = temporaryFolder()
test.after(() => folder.remove())
const files = testFiles(folder.path)
const chunk = randomChunk([2, 3, 4], { dtype: 'uint16' })
const asked: unknown[] = []
const reader: Reader = {
  matches: (name) => name.endsWith('.abc'),
  probe: async (name) => ({
    shape: name === 'huge.abc' ? [1e6, 1e6, 1e6] : [2, 3, 4],
    dtype: 'uint16',
    voxelOffset: [0, 0, 0],
    voxelSize: null,
    layerType: null,
  }),
  read: async (name, options) => {
    asked.push([name, options])
    return chunk
  },
}
const volume = { description: {} } as Volume
const format: VolumeFormat = {
  matches: async (path) => path === 'file:///v' || path === 'volume',
  open: async () => volume,
  create: async () => volume,
}
const services: LayerServices = {
  logger: { warn: assert.unreachable },
  files,
  readers: serviceFamily({ abc: reader }),
  volumes: serviceFamily({ test: format }),
}
const none = { dataset: undefined, layerType: undefined }
const find = (paths: readonly string[], settings = {}) =>
  findLayers(paths, { ...none, ...settings }, services)
const code = (paths: readonly string[]): Promise<string> => refusal(find(paths))

test('files by name, folders of files, volumes; every layer has a name of its own', async () => {
  await files.write('stack/00001.abc', new Uint8Array())
  await files.write('volume/info', new Uint8Array())
  const layers = await find(['data/image.abc', 'other/image.abc', 'stack/', 'file:///v', 'volume'])
  assert.equal(
    layers.map(({ name, ...rest }) => [name, 'volume' in rest ? 'volume' : isChunk(rest.value)]),
    [
      ['image', true],
      ['image_2', true],
      ['stack', true],
      ['v', 'volume'],
      ['volume', 'volume'],
    ],
  )
  assert.equal(asked, [
    ['data/image.abc', {}],
    ['other/image.abc', {}],
    ['stack/', {}],
  ])
})

test('a dataset, and what files are that do not say', async () => {
  asked.length = 0
  const [layer] = await find(['a.abc'], { dataset: '/raw', layerType: 'image' })
  assert.equal(asked, [['a.abc', { dataset: '/raw' }]])
  assert.is((layer as unknown as { value: { layerType: string } }).value.layerType, 'image')
})

test('what nobody knows, and what does not fit into memory, is refused', async () => {
  assert.match(
    await code(['nothing.xyz']),
    'open-unknown: nothing.xyz is no volume and no file that can be read',
  )
  assert.match(await code(['huge.abc']), 'open-too-large: huge.abc has 1862645149.2 GiB of voxels')
})

test.run()
