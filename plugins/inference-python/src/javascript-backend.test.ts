import { type ChunkflowError, type Compute, type InferenceBackend, zyx } from '@chunkflow/sdk'
import { errorOf } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPool } from '../../compute/src/pool.js'
import { createJavaScriptBackend } from './javascript-backend.js'
import { BATCH, close, middle, runOnce, SETTINGS, workshop } from './testing/models.js'
import { createUniversalBackend } from './universal-backend.js'

const test = suite('javascript model files')
const shop = workshop()
const compute = createPool(new URL('../../compute/src/kernel.worker.ts', import.meta.url))
test.after(async () => {
  await compute.dispose()
  await shop.close()
})

const backend: InferenceBackend = createJavaScriptBackend({
  compute: compute as Compute,
  files: shop.files,
  logger: shop.logger,
  worker: new URL('./javascript-model.worker.ts', import.meta.url),
})

/** The middle of the patch, halved and weighted, in as many channels as `channels` says. */
const model = (channels: number, typed: boolean, more = ''): string => `
${typed ? 'interface Patches { readonly data: Float32Array; readonly shape: readonly number[] }' : ''}
export class PatchInferencer {
  computeDevice = 'loom'
  ${typed ? 'readonly mask: Patches' : ''}
  constructor(weightPath${typed ? ': string | undefined' : ''}, mask${typed ? ': Patches' : ''}) {
    this.mask = mask
  }
  async infer({ data, shape }${typed ? ': Patches' : ''}) {
    const [count] = shape
    const result = new Float32Array(count * ${channels} * 32)
    let to = 0
    for (let item = 0; item < count; item++)
      for (let channel = 0; channel < ${channels}; channel++)
        for (let voxel = 0; voxel < 32; voxel++) {
          const [z, y, x] = [voxel >> 4, (voxel >> 2) & 3, voxel & 3]
          result[to++] = data[((item * 2 + z) * 6 + y + 1) * 8 + x + 2] * 0.5 * this.mask.data[voxel]
        }
    return { data: result, shape: [count, ${channels}, 2, 4, 4] }
  }
}
${more}
`

test('runs JavaScript and TypeScript files in a worker', async () => {
  for (const [name, typed] of [
    ['net.mjs', false],
    ['net.ts', true],
  ] as const) {
    const modelPath = shop.write(name, model(1, typed))
    const loaded = await backend.load({ ...SETTINGS, modelPath })
    assert.is(loaded.computeDevice, 'loom')
    assert.ok(loaded.weighted)
    assert.ok(close(await runOnce(loaded), middle(BATCH, 2, 0.5, true)))
  }
})

test('channels that are not given stay 0, surplus ones go', async () => {
  const modelPath = shop.write('two.mjs', model(2, false))
  const once = middle(BATCH, 1, 0.5, true)
  const three = await backend.load({ ...SETTINGS, modelPath, outputChannels: 3 })
  assert.ok(close(await runOnce(three, 1, 3), [...once, ...once, ...Array(32).fill(0)]))
  assert.ok(close(await runOnce(await backend.load({ ...SETTINGS, modelPath })), middle(BATCH, 2, 0.5, true)))
  assert.match(shop.messages.warn.join('\n'), 'gives 2 of 3 channels')
})

test('explains files and results that are wrong', async () => {
  const load = async (text: string, change = {}): Promise<ChunkflowError> =>
    errorOf(async () => {
      const modelPath = shop.write(`wrong-${text.length}.mjs`, text)
      await runOnce(await backend.load({ ...SETTINGS, modelPath, ...change }))
    })
  assert.is((await load('export const a = 1')).code, 'model-file-invalid')
  assert.match((await load('export class PatchInferencer {}')).what, 'no method infer')
  assert.is((await load('export class PatchInferencer {')).code, 'javascript-model-failed')
  const thrown = await load("export class PatchInferencer { infer() { throw new TypeError('no loom') } }")
  assert.match(thrown.what, 'TypeError: no loom')
  assert.match(thrown.where.join(), '.mjs')
  const size = await load(model(1, false, 'PatchInferencer.prototype.infer = (batch) => batch'))
  assert.match(size.what, 'gave 2x1x2x6x8, not 2xchannelsx2x4x4')
  assert.is((await load(model(1, false), { device: 'cuda' })).code, 'model-device-missing')
  assert.is((await load(model(1, false), { patchWeights: undefined })).code, 'model-weighted')
  const gone = await errorOf(() => backend.load({ ...SETTINGS, modelPath: 'none.js' }))
  assert.is(gone.code, 'model-file-missing')
})

test('universal takes the extension for the language', async () => {
  const asked: string[] = []
  const fake = (name: string): InferenceBackend => ({
    load: async () => {
      asked.push(name)
      return { computeDevice: name, channels: 1, resultSize: zyx(1, 1, 1), run: async () => {} }
    },
  })
  const universal = createUniversalBackend(fake('python'), fake('javascript'))
  for (const modelPath of ['a.py', 'a.mjs', 'a.TS', 'model', 'a.js.chkpt', undefined])
    await universal.load({ ...SETTINGS, modelPath })
  assert.equal(asked, ['python', 'javascript', 'javascript', 'python', 'python', 'python'])
})

test.run()
