/** Inference against an independent reference: onnxruntime called directly on every patch, blended by NumPy in float64. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { askPython } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT, readHdf5, succeeds, workFolder } from './chunkflow.js'

const test = suite('affinities against a reference')
const folder = workFolder()
const { cwd, file } = folder
test.after(() => folder.remove())

const SIZE = [23, 112, 88] as const
const PATCH = [10, 64, 48] as const
const OVERLAP = [2, 16, 16] as const
const MODEL = path.join(ROOT, 'test/fixtures/model/model.onnx')

/** Specification 4.2, written anew. */
function starts(axis: 0 | 1 | 2): number[] {
  const positions: number[] = []
  const step = PATCH[axis] - OVERLAP[axis]
  for (let at = 0; at < SIZE[axis] - OVERLAP[axis]; at += step)
    positions.push(Math.min(at, SIZE[axis] - PATCH[axis]))
  return positions
}

const BLEND = `
import numpy as np, sys, json
size, patch, overlap, starts = (json.loads(text) for text in sys.argv[1:5])
outputs = np.fromfile('patches.f32', 'f4').reshape(-1, 3, *patch).astype('f8')
def bump(n):
    t = 2 * (np.arange(n) + 1) / (n + 1) - 1
    return -1 / (1 - t * t)
b = np.exp(bump(patch[0])[:, None, None] + bump(patch[1])[:, None] + bump(patch[2]))
b = 1 + (b - b.min()) * (1e6 - 1) / (b.max() - b.min())
step = [p - o for p, o in zip(patch, overlap)]
canvas = np.zeros([p + 2 * s for p, s in zip(patch, step)])
for z in range(3):
    for y in range(3):
        for x in range(3):
            canvas[z*step[0]:z*step[0]+patch[0], y*step[1]:y*step[1]+patch[1], x*step[2]:x*step[2]+patch[2]] += b
weight = b / canvas[step[0]:step[0]+patch[0], step[1]:step[1]+patch[1], step[2]:step[2]+patch[2]]
total, norm, k = np.zeros([3, *size]), np.zeros(size), 0
for z in starts[0]:
    for y in starts[1]:
        for x in starts[2]:
            box = (slice(z, z+patch[0]), slice(y, y+patch[1]), slice(x, x+patch[2]))
            total[(slice(None), *box)] += outputs[k] * weight
            norm[box] += weight
            k += 1
got = np.fromfile('got.f32', 'f4').reshape(3, *size)
print(np.abs(total / norm - got).max())`

test('the affinity volume is that of the patches', async () => {
  const { cutoutStart, stop } = {
    cutoutStart: [163, 20, 40],
    stop: [163 + SIZE[0], 20 + SIZE[1], 40 + SIZE[2]],
  }
  await succeeds(
    `load-h5 -f ${path.join(ROOT, 'test/fixtures/fib25/slab.h5')} -d /image --cutout-start ${cutoutStart.join(' ')} --cutout-stop ${stop.join(' ')} save-h5 -f image.h5 inference -f onnx -m ${MODEL} --patch-size ${PATCH.join(' ')} --patch-overlap ${OVERLAP.join(' ')} --num-output-channels 3 --batch-size 5 --mask-output-chunk save-h5 -f affinity.h5`,
    { cwd },
  )
  const image = await readHdf5(file('image.h5'))
  const voxels = image.dataset('main').values as Uint8Array
  image.close()
  const affinity = await readHdf5(file('affinity.h5'))
  assert.equal(affinity.dataset('main').shape, [3, ...SIZE])
  assert.equal(Array.from(affinity.dataset('voxel_offset').values, Number), cutoutStart)
  writeFileSync(file('got.f32'), affinity.dataset('main').values as Float32Array)
  affinity.close()
  writeFileSync(file('patches.f32'), await runPatches(voxels))
  const output = askPython(['numpy'], BLEND, {
    cwd,
    args: [SIZE, PATCH, OVERLAP, [starts(0), starts(1), starts(2)]].map((value) => JSON.stringify(value)),
  })
  if (output !== null) assert.ok(Number(output) < 1e-5, `largest difference ${output}`)
})

async function runPatches(voxels: Uint8Array): Promise<Float32Array> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node')
  const session = await InferenceSession.create(readFileSync(MODEL))
  const count = PATCH[0] * PATCH[1] * PATCH[2]
  const outputs: Float32Array[] = []
  for (const z of starts(0))
    for (const y of starts(1))
      for (const x of starts(2)) {
        const patch = new Float32Array(count)
        let index = 0
        for (let k = 0; k < PATCH[0]; k++)
          for (let j = 0; j < PATCH[1]; j++)
            for (let i = 0; i < PATCH[2]; i++)
              patch[index++] = voxels[((z + k) * SIZE[1] + y + j) * SIZE[2] + x + i]! / 255
        const result = await session.run({
          [session.inputNames[0]!]: new Tensor('float32', patch, [1, 1, ...PATCH]),
        })
        outputs.push(result[session.outputNames[0]!]!.data as Float32Array)
      }
  const all = new Float32Array(outputs.length * 3 * count)
  outputs.forEach((output, index) => {
    all.set(output, index * 3 * count)
  })
  return all
}

test.run()
