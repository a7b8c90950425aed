/** Model files for PyTorch itself, written as people write them. */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ChunkflowError, zyx } from '@chunkflow/sdk'
import { errorOf, hasPython, SYSTEM_PYTHON } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BATCH, close, middle, randomBatch, runOnce, workshop } from './testing/models.js'

const test = suite('pytorch backend')
const shop = workshop()
test.after(() => shop.close())
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../test/fixtures/model/${name}`, import.meta.url))

/** Python that needs torch. */
const make = (code: string): void => void execFileSync(SYSTEM_PYTHON, ['-c', code], { cwd: shop.path })

/** Twice the input as a list, as the tutorial's networks give it; halved by its weight. */
const TUTORIAL = `
from collections import OrderedDict
import torch
from parts import Scale

class Model(torch.nn.Module):
    def __init__(self, in_dim, output_spec, depth):
        super().__init__()
        self.scale = Scale(depth)
    def forward(self, x):
        return [torch.cat([self.scale(x), x], dim=1)]

def pre_process(input_patch):
    net_input = input_patch
    return net_input

def post_process(net_output):
    output_patch = net_output[0]
    output_patch = output_patch.narrow(1, 0, 1)
    output_patch = torch.sigmoid(output_patch)
    return output_patch

in_dim = 1
output_spec = OrderedDict(psd_label=1)
depth = 3
InstantiatedModel = Model(in_dim, output_spec, depth)
`
const PARTS = `
import torch
class Scale(torch.nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.ones(depth))
    def forward(self, x):
        return x * self.factor.sum()
`
const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))

if (hasPython('numpy', 'torch')) {
  test("the tutorial's own pattern, in a file without suffix beside its modules", async () => {
    shop.write('lab/parts.py', PARTS)
    const modelPath = shop.write('lab/model1000000', TUTORIAL)
    make(`
import torch
torch.save({'state_dict': {'scale.factor': torch.tensor([1., 2., 3.])}, 'epoch': 9}, 'lab/model1000000.chkpt')
torch.save({'scale.factor': torch.tensor([1., 1., 0.])}, 'lab/plain.pt')
torch.save({'scale.factor': torch.ones(4), 'scale.bias': torch.ones(3)}, 'lab/other.pt')
torch.save([torch.ones(3)], 'lab/list.pt')`)
    for (const [weightPath, factor] of [
      ['lab/model1000000.chkpt', 6],
      ['lab/plain.pt', 2],
    ] as const) {
      const model = await shop.load('pytorch', { modelPath, weightPath, threads: 1 })
      assert.ok(close(await runOnce(model), middle(BATCH, 2, factor, false).map(sigmoid)))
    }
    const other = await errorOf(() => shop.load('pytorch', { modelPath, weightPath: 'lab/other.pt' }))
    assert.is(other.code, 'model-weights-invalid')
    assert.match(
      other.what,
      'of its 1 tensors, 1 unknown to it (scale.bias); 1 of another size (scale.factor)',
    )
    const list = await errorOf(() => shop.load('pytorch', { modelPath, weightPath: 'lab/list.pt' }))
    assert.match(list.what, 'hold a list, not a state dict')
    const text = await errorOf(() => shop.load('pytorch', { modelPath, weightPath: 'lab/parts.py' }))
    assert.is(text.code, 'model-weights-invalid')
    assert.match(text.what, 'cannot be read')
  })

  test('load_model, a network for sections, and patches changed in place', async () => {
    const modelPath = shop.write(
      'flat.py',
      `
import numpy as np, torch
def load_model(weight_path):
    assert weight_path is None
    return torch.nn.AvgPool2d(1)
def pre_process(patches):
    patches *= 2
    count, channels, z, y, x = patches.shape
    return torch.from_numpy(patches.reshape(count * z, channels, y, x))
def post_process(result):
    return result.reshape(-1, 2, 1, 6, 8).permute(0, 2, 1, 3, 4).numpy() / 4
`,
    )
    const model = await shop.load('pytorch', { modelPath })
    assert.ok(close(await runOnce(model), middle(BATCH, 2, 0.5, false)))
    assert.match(shop.messages.warn.join('\n'), 'no --convnet-weight-path')
  })

  test('explains files and results that are wrong', async () => {
    const wrong = async (body: string, channels = 1): Promise<ChunkflowError> =>
      errorOf(async () => {
        const modelPath = shop.write('wrong.py', `import torch\n${body}`)
        await runOnce(await shop.load('pytorch', { modelPath, outputChannels: channels }), 2, channels)
      })
    const nothing = await wrong('network = torch.nn.Identity()')
    assert.is(nothing.code, 'model-file-invalid')
    assert.match(nothing.what, 'neither InstantiatedModel nor load_model')
    const few = await wrong('InstantiatedModel = torch.nn.Identity()', 3)
    assert.is(few.code, 'model-channels-missing')
    assert.is(few.fix, 'add --num-output-channels 1')
    const two = await wrong('InstantiatedModel = lambda patches: [patches, patches]')
    assert.is(two.code, 'model-result-invalid')
    assert.match(two.fix!, 'define post_process')
    const size = await wrong('InstantiatedModel = torch.nn.AvgPool3d((1, 2, 2))')
    assert.match(size.what, 'turns patches of 2x6x8 into 2x3x4, not into 2x4x4')
    const batch = await wrong(
      'InstantiatedModel = torch.nn.Identity()\ndef post_process(result): return result[0]',
    )
    assert.match(batch.what, '1x2x6x8 for 2 patches')
    const broken = await wrong('InstantiatedModel = torch.nn.Conv3d(4, 1, 1)')
    assert.is(broken.code, 'python-exception')
    assert.match(broken.what, 'RuntimeError')
    const hungry = await wrong('InstantiatedModel = lambda patches: torch.empty(2, 1, 2, 4, 4 * 10 ** 12)')
    assert.is(hungry.code, 'model-memory')
    const syntax = await wrong('def post_process(result) return result')
    assert.is(syntax.code, 'python-exception')
    assert.match(syntax.what, 'SyntaxError')
  })

  test('the affinity network gives what its ONNX file gives, in batches of any size', async () => {
    const { InferenceSession, Tensor } = await import('onnxruntime-node')
    const size = [3, 32, 24] as const
    const voxels = 3 * 32 * 24
    const patches = randomBatch(3 * voxels)
    const session = await InferenceSession.create(fixture('model.onnx'))
    const input = new Tensor('float32', Float32Array.from(patches), [3, 1, ...size])
    const expected = (await session.run({ image: input })).affinity!.data as Float32Array
    const model = await shop.load('pytorch', {
      modelPath: fixture('model.py'),
      weightPath: fixture('weights.pt'),
      inputPatchSize: zyx(...size),
      outputPatchSize: zyx(...size),
      patchWeights: undefined,
      outputChannels: 3,
    })
    for (const count of [3, 1]) {
      const result = new Float32Array(new SharedArrayBuffer(count * 3 * voxels * 4))
      await model.run(patches, count, result)
      assert.ok(close(result, expected.subarray(0, result.length), 1e-5))
    }
    await model.dispose!()
    // one channel, a list, NumPy patches: 1 - mean affinity
    const boundary = await shop.load('pytorch', {
      modelPath: fixture('model_boundary.py'),
      weightPath: path.relative(shop.path, fixture('weights.pt')),
      inputPatchSize: zyx(...size),
      outputPatchSize: zyx(...size),
      patchWeights: undefined,
      outputChannels: 1,
    })
    const result = new Float32Array(new SharedArrayBuffer(voxels * 4))
    await boundary.run(patches, 1, result)
    await boundary.dispose!()
    const mean = (voxel: number) =>
      (expected[voxel]! + expected[voxels + voxel]! + expected[2 * voxels + voxel]!) / 3
    assert.ok(
      close(
        result,
        Array.from({ length: voxels }, (_, voxel) => 1 - mean(voxel)),
        1e-5,
      ),
    )
  })
}

test.run()
