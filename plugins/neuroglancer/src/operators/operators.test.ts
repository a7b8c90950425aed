import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type AnyOperator, parseOptions, type Volume } from '@chunkflow/sdk'
import {
  inlineCompute,
  type OperatorResult,
  rampChunk,
  refusal,
  runOperator,
  serviceFamily,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import neuroglancer from './neuroglancer.js'
import view from './view.js'

const test = suite('viewing operators')
const folder = temporaryFolder()
test.after(() => folder.remove())

const volume = {
  description: { channels: 1, dtype: 'uint8', layerType: 'image', scales: [] },
} as unknown as Volume
const services = {
  compute: inlineCompute(),
  encodings: serviceFamily({}),
  files: testFiles(folder.path),
  volumes: serviceFamily({
    memory: {
      matches: async (text: string) => text === 'mem://v',
      open: async () => volume,
      create: async () => volume,
    },
  }),
}
const assets = { page: new URL('../page', import.meta.url) }
const chunk = rampChunk([2, 3, 4], { dtype: 'uint8' })
const run = (
  definition: AnyOperator,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = { chunk },
): Promise<OperatorResult> =>
  runOperator(definition, { options: { wait: false, ...options } as never, variables, services, assets })

test('both print one address and leave the task as it is', async () => {
  for (const definition of [neuroglancer, view]) {
    const { task, messages } = await run(definition, {})
    assert.is(messages.result[0], 'Open this url in browser: ')
    assert.match(messages.result[1]!, /^http:\/\/127\.0\.0\.1:\d+\/$/)
    assert.is(messages.result.length, 2)
    assert.equal(task.names(), ['chunk'])
    const gone = await fetch(messages.result[1]!).catch(() => null)
    assert.is(gone, null, 'the server ends with the chain')
  }
})

test('--share writes the state with the addresses of the session', async () => {
  const { messages } = await run(neuroglancer, {
    share: 'state.json',
    voxelSize: [30, 6, 6],
    inputs: ['chunk[color=red]'],
  })
  const state = JSON.parse(readFileSync(path.join(folder.path, 'state.json'), 'utf8'))
  assert.is(state.layers[0].source, `precomputed://${messages.result[1]}layers/0`)
  assert.equal(state.dimensions.z, [3e-8, 'm'])
})

test('what is missing or misspelt is refused', async () => {
  const infer =
    (options: Record<string, unknown>, types = {}) =>
    () =>
      neuroglancer.infer!(types, parseOptions(neuroglancer, options as never) as never)
  assert.match(await refusal(infer({})), 'viewer-options: There is nothing to show')
  assert.match(await refusal(infer({ inputs: ['a[color=red'] }, { inputs: {} })), 'viewer-options: The layer')
  assert.is(await refusal(infer({ volume: ['v=mem://v'] })), 'accepted')
  assert.match(
    await refusal(() => run(neuroglancer, { volume: ['mem://v'] })),
    '--volume "mem://v" is not understood',
  )
  assert.match(
    await refusal(() => run(neuroglancer, { volume: ['v=mem://w'] })),
    'There is no volume at mem://w',
  )
  assert.match(
    await refusal(() => run(view, { segmentationChunkName: 'chunk', imageChunkName: 'nothing' })),
    'nothing',
  )
  const floats = rampChunk([2, 3, 4], { dtype: 'float32' })
  assert.match(
    await refusal(() => run(view, { segmentationChunkName: 'map' }, { chunk, map: floats })),
    'is no segmentation',
  )
  assert.match(await refusal(() => run(view, { segmentationChunkName: 'chunk' })), 'Two layers')
  assert.is(
    await refusal(() => run(view, { segmentationChunkName: 'seg' }, { chunk, seg: null })),
    'accepted',
  )
})

test('names and letters of all releases', () => {
  const options = parseOptions(neuroglancer, { inputs: { tokens: ['image,points[color=red,size=5]'] } })
  assert.equal(options.inputs, ['image', 'points[color=red,size=5]'])
  assert.equal(neuroglancer.flags.inputs.charAliases, ['c'])
  assert.ok(neuroglancer.flags.inputs.aliases?.includes('chunk-names'))
})

test.run()
