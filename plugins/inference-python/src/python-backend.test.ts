import { cpus } from 'node:os'
import type { ChunkflowError } from '@chunkflow/sdk'
import { errorOf, hasPython } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import plugin from './plugin.js'
import { BATCH, close, middle, runOnce, STAND_IN, workshop } from './testing/models.js'

const test = suite('python backends')
const shop = workshop()
test.after(() => shop.close())

test('explains model files that are missing, before Python is started', async () => {
  const none = await errorOf(() => shop.load('pytorch', {}))
  assert.is(none.code, 'model-file-missing')
  assert.match(none.fix!, '--convnet-model')
  const gone = await errorOf(() => shop.load('universal', { modelPath: 'nets/none.py' }))
  assert.is(gone.code, 'model-file-missing')
  assert.match(gone.what, `${shop.path}/nets/none.py`)
  const modelPath = shop.write('empty.py', '')
  const weights = await errorOf(() => shop.load('pytorch', { modelPath, weightPath: 'none.pt' }))
  assert.is(weights.code, 'model-weights-missing')
  assert.is((await errorOf(() => shop.load('pznet', { modelPath }))).code, 'model-file-missing')
})

test('refuses devices that a framework cannot have', async () => {
  const modelPath = shop.write('device.py', '')
  assert.is(
    (await errorOf(() => shop.load('pznet', { modelPath, device: 'cuda' }))).code,
    'model-device-missing',
  )
  assert.is(
    (await errorOf(() => shop.load('universal', { modelPath, device: 'tpu' }))).code,
    'model-device-unknown',
  )
  const named = await errorOf(() => shop.load('pytorch', { modelPath, outputName: 'affinity' }))
  assert.is(named.code, 'model-output-unknown')
  const affinity = await errorOf(() => shop.load('universal', { modelPath, patchWeights: undefined }))
  assert.is(affinity.code, 'model-weighted')
})

const UNIVERSAL = `
import os
import numpy as np
class PatchInferencer:
    def __init__(self, weight_path, output_patch_mask):
        self.mask = output_patch_mask
    @property
    def compute_device(self):
        return "abacus " + os.environ.get("CUDA_VISIBLE_DEVICES", "any") + " " + os.environ.get("OMP_NUM_THREADS", "all")
    def __call__(self, patches):
        patches *= 0.5  # in place, as some do
        return patches[:, :, :, 1:5, 2:6] * self.mask
`

if (hasPython('numpy')) {
  test('universal: the file weights its own results and may change its input', async () => {
    const modelPath = shop.write('uni.py', UNIVERSAL)
    const before = Float32Array.from(BATCH)
    const processor = await shop.load('universal', { modelPath, device: 'cpu' })
    assert.is(processor.computeDevice, 'abacus  all')
    await processor.dispose!()
    const model = await shop.load('universal', { modelPath, device: 'cuda:1', threads: 3 })
    assert.is(model.computeDevice, 'abacus 1 3')
    assert.ok(model.weighted)
    assert.ok(close(await runOnce(model), middle(before, 2, 0.5, true)))
    assert.equal(Float32Array.from(BATCH), before)
  })

  test('universal: channels that are not given stay 0, surplus ones go, both once aloud', async () => {
    const modelPath = shop.write(
      'uni2.py',
      `${UNIVERSAL}
class PatchInferencer(PatchInferencer):
    @property
    def compute_device(self):
        raise RuntimeError("no graphics processor to ask")
    def __call__(self, patches):
        one = super().__call__(patches)
        return np.concatenate([one, one * 2], axis=1)
`,
    )
    const model = await shop.load('universal', { modelPath, outputChannels: 3, device: 'cpu' })
    assert.is(model.computeDevice, cpus()[0]?.model.trim() || 'cpu')
    const three = await runOnce(model, 1, 3)
    const once = middle(BATCH, 1, 0.5, true)
    assert.ok(close(three, [...once, ...once.map((value) => value * 2), ...Array(32).fill(0)]))
    assert.ok(
      close(await runOnce(await shop.load('universal', { modelPath }), 2), middle(BATCH, 2, 0.5, true)),
    )
    assert.match(shop.messages.warn.join('\n'), 'gives 2 of 3 channels; the others stay 0')
    assert.match(shop.messages.warn.join('\n'), 'gives 2 channels; the first 1 are kept')
  })

  test('universal: explains files and results that are wrong', async () => {
    const wrong = async (body: string): Promise<ChunkflowError> =>
      errorOf(async () => {
        const modelPath = shop.write('wrong.py', `${UNIVERSAL}\n${body}`)
        const model = await shop.load('universal', { modelPath })
        await runOnce(model)
      })
    const modelPath = shop.write('nothing.py', 'x = 1')
    const nothing = await errorOf(() => shop.load('universal', { modelPath }))
    assert.is(nothing.code, 'model-file-invalid')
    assert.match(nothing.what, 'no class PatchInferencer')
    const list = await wrong('PatchInferencer.__call__ = lambda self, patches: [patches]')
    assert.match(list.what, 'gave list, not a NumPy array')
    const flat = await wrong('PatchInferencer.__call__ = lambda self, patches: patches[0]')
    assert.is(flat.code, 'model-result-invalid')
    assert.match(flat.what, 'gave an array of 1x2x6x8 for 2 patches')
    const large = await wrong('PatchInferencer.__call__ = lambda self, patches: patches')
    assert.match(large.fix!, '--output-patch-size 2 6 8')
    const memory = await wrong(
      'def fail(self, patches): raise MemoryError("Unable to allocate 9 TiB")\nPatchInferencer.__call__ = fail',
    )
    assert.is(memory.code, 'model-memory')
    assert.match(memory.fix!, '--batch-size')
    const raised = await wrong('PatchInferencer.__call__ = lambda self, patches: 1 / 0')
    assert.is(raised.code, 'python-exception')
    assert.match(raised.what, 'ZeroDivisionError')
    const dead = await wrong(
      'import os\nPatchInferencer.__call__ = lambda self, patches: os.kill(os.getpid(), 9)',
    )
    assert.is(dead.code, 'python-crashed')
    assert.match(dead.fix!, 'out of memory')
  })

  test('pznet: the module in the folder of the network', async () => {
    shop.write(
      'net/pznet.py',
      `
import numpy as np
class znet:
    def load_net(self, folder):
        self.factor = float(open(folder + "/factor.txt").read())
    def forward(self, patches):
        return np.repeat(patches * self.factor, 3, axis=1)
`,
    )
    shop.write('net/factor.txt', '0.25')
    // releases that had pznet took the folder as weights
    for (const place of [{ modelPath: 'net' }, { weightPath: 'net' }]) {
      const model = await shop.load('pznet', { ...place, outputChannels: 2 })
      assert.not.ok(model.weighted)
      const once = middle(BATCH, 1, 0.25, false)
      assert.ok(close(await runOnce(model, 1, 2), [...once, ...once]))
    }
    shop.write('other/readme.txt', '')
    const missing = await errorOf(() => shop.load('pznet', { modelPath: 'other' }))
    assert.is(missing.code, 'pznet-missing')
    const few = await errorOf(async () =>
      runOnce(await shop.load('pznet', { modelPath: 'net', outputChannels: 4 }), 1, 4),
    )
    assert.is(few.code, 'model-channels-missing')
    assert.is(few.fix, 'add --num-output-channels 3')
  })

  const NETWORK = `
import torch
class Network:
    factor = 0.5
    place = "cpu"
    def to(self, place):
        self.place = str(place)
        return self
    def state_dict(self):
        return {"weight": torch.Tensor(__import__("numpy").zeros(1, "float32"))}
    def load_state_dict(self, state):
        self.factor = float(state["weight"].data[0])
    def __call__(self, patches):
        if patches.place != self.place: raise RuntimeError("patches on " + patches.place)
        return [patches * self.factor]
InstantiatedModel = Network()
def pre_process(patches): return patches
def post_process(result): return result[0]
`
  const standIn = (count: number) => ({ PYTHONPATH: STAND_IN, STAND_IN_CUDA: String(count) })

  test('pytorch: auto takes CUDA and weights there; without it the processor, aloud', async () => {
    const modelPath = shop.write('device-net.py', NETWORK)
    const weightPath = shop.write('device-net.pt', 'weight 0.75')
    const cuda = await shop.load('pytorch', { modelPath, weightPath }, standIn(2))
    assert.is(cuda.computeDevice, 'Stand-in GPU 0')
    assert.ok(cuda.weighted)
    assert.ok(close(await runOnce(cuda), middle(BATCH, 2, 0.75, true)))
    assert.match(shop.messages.info.join('\n'), 'PyTorch runs the model on cuda:0, Stand-in GPU 0')
    const second = await shop.load('pytorch', { modelPath, weightPath, device: 'cuda:1' }, standIn(2))
    assert.is(second.computeDevice, 'Stand-in GPU 1')
    assert.ok(close(await runOnce(second, 1), middle(BATCH, 1, 0.75, true)))
    // the operator says that weights would be in the way
    const bare = await shop.load('pytorch', { modelPath, weightPath, patchWeights: undefined }, standIn(1))
    assert.not.ok(bare.weighted)
    assert.ok(close(await runOnce(bare), middle(BATCH, 2, 0.75, false)))
    const processor = await shop.load('pytorch', { modelPath, weightPath }, standIn(0))
    assert.not.ok(processor.weighted)
    assert.ok(close(await runOnce(processor), middle(BATCH, 2, 0.75, false)))
    assert.match(
      shop.messages.info.join('\n'),
      'PyTorch sees no CUDA device: the model runs on the processor',
    )
    const told = await shop.load('pytorch', { modelPath, weightPath, device: 'cpu' }, standIn(2))
    assert.not.ok(told.weighted)
    await told.dispose!()
  })

  test('pytorch: a device that is named and missing is an error', async () => {
    const modelPath = shop.write('strict-net.py', NETWORK)
    for (const [device, count, text] of [
      ['cuda', 0, 'PyTorch sees no CUDA device'],
      ['cuda:2', 2, '2 CUDA devices'],
    ] as const) {
      const error = await errorOf(() => shop.load('pytorch', { modelPath, device }, standIn(count)))
      assert.is(error.code, 'model-device-missing')
      assert.match(error.what, text)
      assert.match(error.fix!, '--device auto or cpu')
    }
    const unknown = await errorOf(() => shop.load('pytorch', { modelPath, device: 'webgpu' }, standIn(1)))
    assert.is(unknown.code, 'model-device-unknown')
  })

  test('pytorch: float16 is mixed precision on CUDA, and only the result on the processor', async () => {
    const modelPath = shop.write('half-net.py', NETWORK)
    const half = { modelPath, dtype: 'float16', patchWeights: undefined } as const
    const mixed = await runOnce(await shop.load('pytorch', half, standIn(1)))
    const exact = middle(BATCH, 2, 0.5, false)
    assert.ok(close(mixed, exact, 1e-3))
    assert.not.ok(close(mixed, exact, 1e-5))
    assert.ok(close(await runOnce(await shop.load('pytorch', half, standIn(0))), exact))
    assert.match(shop.messages.info.join('\n'), 'only the result is float16')
  })

  test('pytorch: runs out of memory with a message of its own, and leaves no process', async () => {
    const modelPath = shop.write(
      'hungry.py',
      `${NETWORK}
def post_process(result): raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")
`,
    )
    const model = await shop.load('pytorch', { modelPath }, standIn(1))
    const error = await errorOf(() => runOnce(model))
    assert.is(error.code, 'model-memory')
    assert.match(error.what, 'Tried to allocate 20.00 GiB')
    await model.dispose!()
  })

  test('pytorch: says when there is no torch', async () => {
    // a module of that name that cannot be imported
    shop.write('broken/torch.py', 'raise ImportError("libtorch.so is missing")')
    const modelPath = shop.write('torchless.py', NETWORK)
    const error = await errorOf(() =>
      shop.load('pytorch', { modelPath }, { PYTHONPATH: `${shop.path}/broken` }),
    )
    assert.is(error.code, 'python-module-missing')
    assert.match(error.what, 'no module torch')
    assert.match(error.fix!, '--python')
  })
}

test('the plugin provides its frameworks', () => {
  assert.equal(plugin.provides.map(({ key }) => key).sort(), ['pytorch', 'pznet', 'universal'])
})

test.run()
