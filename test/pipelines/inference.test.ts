/** Command lines with model files in Python: those of the tutorial (specification 8.1), C21, and what people get wrong. */
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hasPython, SYSTEM_PYTHON } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  chunkflow,
  filesIn,
  ROOT,
  readHdf5,
  succeeds,
  sum,
  withoutTmp,
  words,
  workFolder,
} from './chunkflow.js'

const test = suite('inference with model files')
const folder = workFolder()
const { cwd, file } = folder
test.after(() => folder.remove())

const env = { CHUNKFLOW_PYTHON: SYSTEM_PYTHON }
const run = (line: string, where = cwd) => succeeds(withoutTmp(line, cwd), { cwd: where, env })
const fixture = (name: string): string => path.join(ROOT, 'test/fixtures', name)
const EXAMPLES = path.join(ROOT, 'plugins/inference')
const AFFINITY = path.join(EXAMPLES, 'examples/inference/pytorch_affinity.py')

async function voxels(name: string) {
  const opened = await readHdf5(file(name))
  const { shape, values } = opened.dataset('main')
  const offset = Array.from(opened.dataset('voxel_offset').values, Number)
  opened.close()
  return { shape, values: values as Float32Array, offset }
}
function largestDifference(left: Float32Array, right: Float32Array): number {
  assert.is(left.length, right.length)
  return left.reduce((worst, value, index) => Math.max(worst, Math.abs(value - right[index]!)), 0)
}
const hasNumpy = hasPython('numpy')
const hasTorch = hasNumpy && hasPython('torch')

/** What C21 and its sibling in TypeScript give. */
async function checkIdentity(name: string, channels: number): Promise<void> {
  const { shape, values, offset } = await voxels(name)
  assert.equal(shape, [channels, 28, 320, 320])
  assert.equal(offset, [4, 64, 64])
  const length = 28 * 320 * 320
  assert.ok(Math.abs(sum(values.subarray(0, length)) - 464029872 / 255) < 1)
  assert.ok(values.subarray(length).every((value) => value === 0))
}

test('C21 in TypeScript: the example runs as its folder says', async () => {
  await run(
    'create-chunk --size 36 448 448 inference --input-patch-size 20 256 256 --patch-num 2 2 2 --framework universal --convnet-model ./examples/inference/universal_identity.ts -c 1 save-h5 -f /tmp/identity.h5',
    EXAMPLES,
  )
  await checkIdentity('identity.h5', 1)
})

test('a mask volume does what the operator mask does afterwards', async () => {
  // the volume covers the left half of the chunk: beyond it a mask is 0
  await run(
    'create-chunk --size 8 16 8 -o m threshold -i m -o m -t 100 create-info -i m -v mask -b 8 16 8 -s 1 4 4 save-precomputed -i m -v mask',
  )
  const line = (options: string) =>
    `create-chunk --size 8 64 64 --voxel-size 1 1 1 inference -s 8 24 24 -v 2 8 8 -f identity -c 2 --mask-output-chunk ${options}`
  const { stderr } = await run(line('--mask-volume-path mask --mask-mip 0 save-h5 -f masked.h5'))
  assert.match(stderr, 'patches did not need the model: 0 blank')
  await run(line('mask -v mask --mip 0 save-h5 -f after.h5'))
  const [masked, after] = [await voxels('masked.h5'), await voxels('after.h5')]
  assert.equal(masked.shape, [2, 8, 64, 64])
  assert.equal(masked.values, after.values)
  assert.ok(masked.values.includes(0) && masked.values.some((value) => value > 0))
})

if (hasNumpy)
  test('C21: a universal model file', async () => {
    const { stderr } = await run(
      'chunkflow --log-level debug create-chunk --size 36 448 448 inference --input-patch-size 20 256 256 --patch-num 2 2 2 --framework "universal" --convnet-model "./examples/inference/universal_identity.py" --batch-size 3 save-h5 -f /tmp/c21.h5',
      EXAMPLES,
    )
    await checkIdentity('c21.h5', 3)
    assert.match(stderr, 'the model gives 1 of 3 channels; the others stay 0')
  })

/** The sample image of 40 x 320 x 320 as image.tif, less this much at its end. */
async function makeImage(cropped: string): Promise<void> {
  mkdirSync(file('path/of'), { recursive: true })
  await run(
    `load-tif -f ${fixture('fib25/image-large.tif')} crop-margin -m 0 0 0 ${cropped} save-tif -f path/of/image.tif`,
  )
  for (const name of ['model.py', 'model_boundary.py'])
    copyFileSync(fixture(`model/${name}`), file(`path/of/${name}`))
  copyFileSync(fixture('model/weights.pt'), file('path/of/weight.pt'))
}

if (hasTorch) {
  test('T9: an older model file with one channel makes cleft.tif', async () => {
    await makeImage('22 120 128')
    copyFileSync(file('path/of/model_boundary.py'), file('boundary.py'))
    copyFileSync(file('path/of/model.py'), file('model.py'))
    copyFileSync(file('path/of/weight.pt'), file('weight.chkpt'))
    await run(
      'load-tif -f path/of/image.tif -o image inference --convnet-model boundary.py --convnet-weight-path weight.chkpt --patch-size 18 192 192 --patch-overlap 4 64 64 --framework pytorch --batch-size 6 --bump wu --num-output-channels 1 --mask-output-chunk -i image -o cleft save-tif -i cleft -f cleft.tif',
    )
    await run('load-tif -f cleft.tif -o cleft save-h5 -i cleft -f cleft.h5')
    const { shape, values } = await voxels('cleft.h5')
    assert.equal(shape.slice(-3), [18, 200, 192])
    assert.ok(values instanceof Float32Array)
    assert.ok(values.every((value) => value >= 0 && value <= 1))
    assert.ok(values.some((value) => value > 0.9) && values.some((value) => value < 0.1))
  })

  test('T11, T13: PyTorch gives what the ONNX file of the network gives', async () => {
    await makeImage('20 64 32')
    const line = (model: string, output: string) =>
      `load-tif --file-name path/of/image.tif -o image inference ${model} --patch-size 20 256 256 --patch-overlap 4 64 64 --num-output-channels 3 --batch-size 12 --mask-output-chunk -i image -o affs save-h5 -i affs --file-name ${output}`
    await run(
      'export-onnx --convnet-model path/of/model.py --convnet-weight-path path/of/weight.pt --input-patch-size 4 32 32 own.onnx',
    )
    await run(
      `${line('--convnet-model path/of/model.py --convnet-weight-path path/of/weight.pt -f pytorch', 'affs.h5')} agglomerate --threshold 0.7 --aff-threshold-low 0.001 --aff-threshold-high 0.9999 -i affs -o seg save-tif -i seg -f seg.tif`,
    )
    await run(line('--convnet-model own.onnx -f onnx', 'own.h5'))
    await run(line(`--convnet-model ${fixture('model/model.onnx')} -f onnx`, 'onnx.h5'))
    const [affinities, own, onnx] = [await voxels('affs.h5'), await voxels('own.h5'), await voxels('onnx.h5')]
    assert.equal(affinities.shape, [3, 20, 256, 288])
    assert.ok(largestDifference(affinities.values, onnx.values) < 1e-4)
    assert.ok(largestDifference(own.values, onnx.values) < 1e-4)
  })

  test('T20, T21: margins bring the result back to the box of the task', async () => {
    await run('create-chunk --size 34 416 416 --voxel-size 40 4 4 save-precomputed -v file://image')
    copyFileSync(AFFINITY, file('my-model-name'))
    const load =
      'load-precomputed --volume-path="file://image" --expand-margin-size 10 128 128 --fill-missing'
    await run(
      `create-bbox --start 10 128 128 --size 10 128 128 ${load} inference --convnet-model=my-model-name --patch-size 20 256 256 --patch-overlap 10 128 128 --framework='pytorch' --batch-size=8 save-precomputed --volume-path="file://my/output/volume/path" --upload-log --nproc 0 save-h5 -f t20.h5`,
    )
    const log = JSON.parse(readFileSync(file('my/output/volume/path/log/10-20_128-256_128-256.json'), 'utf8'))
    assert.ok(log.compute_device.length > 0)
    assert.ok(log.timer.inference > 0)
    const aligned = await voxels('t20.h5')
    assert.equal(
      [aligned.shape, aligned.offset],
      [
        [3, 10, 128, 128],
        [10, 128, 128],
      ],
    )
    await run(
      `create-bbox --start 10 128 128 --size 14 160 160 ${load} inference --convnet-model=my-model-name --input-patch-size 20 256 256 --output-patch-size 16 192 192 --output-patch-overlap 2 32 32 --output-crop-margin 8 96 96 --num-output-channels 4 --framework='pytorch' --batch-size 6 --patch-num 2 2 2 save-h5 -f t21.h5`,
    )
    const production = await voxels('t21.h5')
    assert.equal(
      [production.shape, production.offset],
      [
        [4, 14, 160, 160],
        [10, 128, 128],
      ],
    )
    // both geometries give the same affinities in the plane; those along z mean nothing at the first section of a patch
    for (let channel = 0; channel < 2; channel++)
      for (let z = 0; z < 10; z++)
        for (let y = 0; y < 128; y++) {
          const row = production.values.subarray(((channel * 14 + z) * 160 + y) * 160)
          const same = aligned.values.subarray(((channel * 10 + z) * 128 + y) * 128)
          for (let x = 0; x < 128; x++) assert.ok(Math.abs(row[x]! - same[x]!) < 1e-4)
        }
  })
}

/** Starts a command line. @param watch gets what it says so far, and may interfere */
async function start(
  line: string,
  watch: (stderr: string, child: ChildProcess) => void = () => {},
): Promise<{ readonly status: string; readonly stderr: string; readonly processId: number }> {
  const child = spawn(process.execPath, [path.join(ROOT, 'cli/bin/chunkflow.mjs'), ...words(line)], {
    cwd,
    env: {
      ...process.env,
      ...env,
      NODE_OPTIONS: '',
      PYTHONPATH: line.includes('torchless') ? file('torchless') : '',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (part) => {
    stderr += part
    watch(stderr, child)
  })
  const status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)))
  return { status: String(status), stderr, processId: child.pid! }
}

/** Python processes that a command started and left. */
const orphansOf = (processId: number): string[] =>
  readdirSync('/proc').filter(
    (entry) => /^\d+$/.test(entry) && commandOf(entry).endsWith(`start.py\0${processId}\0`),
  )

/** Runs a line that must fail with one message; the Python process is gone afterwards. */
async function fails(line: string, code: string, ...texts: string[]): Promise<void> {
  const { status, stderr, processId } = await start(line)
  assert.is(status, code, stderr)
  for (const text of texts) assert.ok(stderr.includes(text), `"${text}" is not in: ${stderr}`)
  assert.is((stderr.match(/^error: /gm) ?? []).length, 1, stderr)
  assert.match(stderr, /^ {2}fix {2}\S/m)
  assert.not.match(stderr, /Traceback|^\s+at .*:\d+:\d+/m)
  assert.equal(orphansOf(processId), [])
}

function commandOf(processId: string): string {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

const LINE =
  'create-chunk --size 4 16 16 inference -s 4 16 16 -v 1 4 4 --mask-output-chunk -c 3 save-h5 -f none.h5'
const withModel = (options: string): string => LINE.replace('-c 3', `-c 3 ${options}`)

test('model files that are missing and frameworks that do not exist', async () => {
  await fails(withModel('-f pytorch -m none.py'), '1', 'There is no model file', 'none.py')
  await fails(withModel('-f pytorch'), '1', 'needs a model file', '--convnet-model')
  await fails(withModel('-f tensorflow'), '1', 'tensorflow', 'pytorch')
  await fails('export-onnx --convnet-model none.py --input-patch-size 4 16 16 none.onnx', '1', 'none.py')
  await fails('export-onnx --convnet-model none.py --input-patch-size 4 16 16', '2', '--file-name')
})

if (hasNumpy)
  test('a stopped run stops the model, a killed one too', async () => {
    writeFileSync(
      file('slow.py'),
      'import time\nclass PatchInferencer:\n  def __init__(self, weights, mask): pass\n  def __call__(self, patches):\n    print("now it takes long")\n    time.sleep(600)\n',
    )
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      let sent = false
      const { status, processId } = await start(withModel('-f universal -m slow.py'), (stderr, child) => {
        if (!sent && stderr.includes('now it takes long')) sent = child.kill(signal)
      })
      assert.is(status, signal === 'SIGINT' ? '1' : 'SIGKILL')
      for (let tries = 0; orphansOf(processId).length > 0 && tries < 100; tries++)
        await new Promise((resolve) => setTimeout(resolve, 50))
      assert.equal(orphansOf(processId), [])
      assert.not.ok(filesIn(cwd).includes('none.h5'))
    }
  })

if (hasNumpy)
  test('Python without torch', async () => {
    mkdirSync(file('torchless'), { recursive: true })
    writeFileSync(file('torchless/torch.py'), 'raise ImportError("no torch here")')
    writeFileSync(file('torchless/model.py'), 'import torch')
    await fails(withModel('-f pytorch -m torchless/model.py'), '1', 'no module torch', 'pip install torch')
  })

if (hasTorch)
  test('model files that are wrong, and nothing is acknowledged', async () => {
    writeFileSync(file('empty.py'), 'import torch\nnetwork = torch.nn.Identity()\n')
    await fails(withModel('-f pytorch -m empty.py'), '1', 'neither InstantiatedModel nor load_model')
    writeFileSync(file('one.py'), 'import torch\nInstantiatedModel = torch.nn.Identity()\n')
    await fails(withModel('-f pytorch -m one.py'), '1', 'gives 1 channel, 3 were asked for')
    const weights = fixture('model/weights.pt')
    await fails(withModel(`-f pytorch -m ${AFFINITY} -w ${weights}`), '1', 'are not of this network')
    writeFileSync(
      file('nan.py'),
      'import torch\nInstantiatedModel = lambda patches: patches.repeat(1, 3, 1, 1, 1) / 0 * 0\n',
    )
    await fails(withModel('-f pytorch -m nan.py'), '1', 'The model gave NaN')
    writeFileSync(
      file('hungry.py'),
      'import torch\nInstantiatedModel = lambda patches: patches.repeat(10 ** 12, 3, 1, 1, 1)\n',
    )
    await fails(withModel('-f pytorch -m hungry.py'), '1', 'ran out of memory', '--batch-size')
    await run('generate-tasks -s 0 0 0 -c 4 16 16 -g 1 1 1 -q fq://tasks')
    const worker = `fetch-task -q fq://tasks --retry-times 0 ${withModel('-f pytorch -m one.py')} delete-task-in-queue`
    const { code } = await chunkflow(worker, { cwd, env })
    assert.is(code, 1)
    assert.is(filesIn(file('tasks')).filter((name) => /^(dead|queue)\/.*json$/.test(name)).length, 1)
  })

test.run()
