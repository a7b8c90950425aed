import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type AnyOperator, boxFromSize, type Chunk, createChunk, isChunkflowError, zyx } from '@chunkflow/sdk'
import { rampChunk, runOperator, temporaryFolder, testFiles } from '@chunkflow/sdk/testing'
import { decode } from 'fast-png'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { labelColour } from '../kernels/label-colour.js'
import loadPng from './load-png.js'
import savePngs from './save-pngs.js'
import snapshot from './snapshot.js'

const test = suite('png')
const folder = temporaryFolder()
test.after(() => folder.remove())
const services = { files: testFiles(folder.path) }
const run = (
  definition: AnyOperator,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
  dryRun = false,
) => runOperator(definition, { options: options as never, variables, services, dryRun })
const load = async (options: Record<string, unknown>, variables = {}): Promise<Chunk> =>
  (await run(loadPng, options, variables)).task.get<Chunk>('chunk')
const picture = (name: string) => decode(readFileSync(path.join(folder.path, name)))
const code = async (action: Promise<unknown>): Promise<string> => {
  try {
    await action
  } catch (error) {
    return isChunkflowError(error) ? error.code : String(error)
  }
  return 'none'
}

test('sections are named by global z and read back, 8 and 16 bits', async () => {
  const at = { voxelOffset: [-1, 20, 30], voxelSize: [40, 8, 4] }
  for (const dtype of ['uint8', 'uint16'] as const) {
    const chunk = rampChunk([3, 5, 7], { dtype, ...at })
    await run(savePngs, { outputPath: dtype, dtype }, { chunk })
    assert.equal(readdirSync(path.join(folder.path, dtype)), ['-00001.png', '00000.png', '00001.png'])
    const read = await load({
      path: dtype,
      cutoutOffset: [-1, 22, 31],
      voxelOffset: [0, 20, 30],
      voxelSize: [40, 8, 4],
      chunkSize: [3, 3, 4],
    })
    assert.equal(
      [read.dtype, read.shape, read.voxelOffset, read.data[0], read.data[12]],
      [dtype, [3, 3, 4], [-1, 22, 31], 15, 50],
    )
  }
  const whole = await load({ path: 'uint16', voxelOffset: [-1, 20, 30] })
  assert.equal([whole.shape, whole.dtype], [[3, 5, 7], 'uint16'])
})

test('maps are scaled, affinities averaged over y and z', async () => {
  await run(
    savePngs,
    { outputPath: 'map' },
    { chunk: createChunk(new Float32Array([0, 0.5, 0.999, 1]), [1, 2, 2]) },
  )
  assert.equal([...picture('map/00000.png').data], [0, 127, 254, 255])
  await run(
    savePngs,
    { outputPath: 'affinity' },
    { chunk: createChunk(new Float32Array([1, 1, 0.2, 0.4, 0.6, 0.4]), [3, 1, 1, 2]) },
  )
  assert.equal([...picture('affinity/00000.png').data], [102, 102])
  assert.is(
    await code(run(savePngs, {}, { chunk: rampChunk([2, 1, 2, 2], { dtype: 'uint8' }) })),
    'png-unsupported',
  )
})

test('missing sections stay zero, by task box', async () => {
  await run(savePngs, { outputPath: 'gap' }, { chunk: createChunk(new Uint8Array(12).fill(9), [3, 2, 2]) })
  rmSync(path.join(folder.path, 'gap/00001.png'))
  const { task, messages } = await run(
    loadPng,
    { path: 'gap/' },
    { bbox: boxFromSize(zyx(0, 0, 1), zyx(3, 2, 1)) },
  )
  assert.equal([...task.get<Chunk>('chunk').data], [9, 9, 0, 0, 9, 9])
  assert.match(messages.warn[0]!, '00001.png is missing')
  assert.is(await code(load({ path: 'nowhere' })), 'png-missing')
  assert.is(await code(load({ path: 'gap', chunkSize: [1, 3, 3] })), 'png-unsupported')
})

test('independent programs read our pictures and we read theirs', async () => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import PIL, numpy'], { stdio: 'ignore' })
  } catch {
    console.log('skipped: needs python3-pil')
    return
  }
  await run(
    savePngs,
    { outputPath: 'ours', dtype: 'uint16' },
    { chunk: createChunk(Uint16Array.from([0, 1, 256, 65535, 1000, 7]), [1, 2, 3]) },
  )
  const program = `
from PIL import Image; import numpy as np
print(np.array(Image.open('ours/00000.png')).tolist())
Image.fromarray(np.arange(12, dtype='u1').reshape(2, 2, 3)).save('rgb.png')
Image.fromarray(np.array([[3, 70]], dtype='u1')).convert('P').save('palette.png')`
  const output = execFileSync('/usr/bin/python3', ['-c', program], { cwd: folder.path, encoding: 'utf8' })
  assert.is(output.trim(), '[[0, 1, 256], [65535, 1000, 7]]')
  assert.equal([...(await load({ path: 'rgb.png' })).data], [0, 3, 6, 9])
  assert.equal((await load({ path: 'palette.png' })).shape, [1, 1, 2])
})

test('snapshot: grey, colours of labels, overlay, gap and magnification', async () => {
  const image = createChunk(new Uint8Array([10, 20, 30, 40, 50, 60, 70, 80]), [2, 2, 2], {
    voxelOffset: [5, 0, 0],
  })
  const seg = createChunk(BigUint64Array.from([0n, 2n ** 63n, 0n, 1n, 0n, 0n, 0n, 2n ** 63n]), [2, 2, 2], {
    voxelOffset: [5, 0, 0],
  })
  await run(
    snapshot,
    { inputNames: ['image', 'image[overlay=seg]', 'seg'], fileName: 'look.png', z: 5, opacity: 1 },
    { image, seg },
  )
  const { width, height, data } = picture('look.png')
  assert.equal([width, height], [2 + 4 + 2 + 4 + 2, 2])
  const pixel = (x: number, y: number): number[] => [
    ...data.slice((y * width + x) * 3, (y * width + x) * 3 + 3),
  ]
  assert.equal(
    [pixel(0, 0), pixel(1, 1), pixel(3, 0)],
    [
      [10, 10, 10],
      [40, 40, 40],
      [255, 255, 255],
    ],
  )
  assert.equal(
    [pixel(6, 0), pixel(7, 0), pixel(13, 0)],
    [[10, 10, 10], [...labelColour(0, 0x80000000)], [...labelColour(0, 0x80000000)]],
  )
  assert.not.equal(labelColour(0, 0x80000000), labelColour(1, 0))
  await run(snapshot, { inputNames: ['image'], fileName: 'big.png', scale: 3 }, { image })
  assert.equal([picture('big.png').width, picture('big.png').data[0]], [6, 50])
})

test('snapshot: three planes keep the aspect of voxels; affinities are RGB; contact sheets', async () => {
  const chunk = rampChunk([2, 3, 4], { dtype: 'uint8', voxelSize: [40, 10, 10] })
  await run(snapshot, { inputNames: ['chunk'], plane: 'three', fileName: 'three.png' }, { chunk })
  assert.equal([picture('three.png').width, picture('three.png').height], [4 + 4 + 4 + 4 + 3, 8])
  const affinity = createChunk(new Float32Array([1, 0, 0, 1, 0.5, 0.5]), [3, 1, 1, 2])
  await run(snapshot, { inputNames: ['affinity'], fileName: 'rgb-map.png' }, { affinity })
  assert.equal([...picture('rgb-map.png').data], [255, 0, 128, 0, 255, 128])
  await run(snapshot, { inputNames: ['chunk'], contactSheet: 5, fileName: 'sheet.png' }, { chunk })
  assert.equal([picture('sheet.png').width, picture('sheet.png').height], [4 + 4 + 4, 3])
})

test('snapshot: refuses what it cannot show, and writes nothing in a dry run', async () => {
  const chunk = rampChunk([2, 3, 4], { dtype: 'uint8' })
  assert.is(await code(run(snapshot, { fileName: 'a.jpg' }, { chunk })), 'snapshot-invalid')
  assert.is(await code(run(snapshot, { fileName: 'a.png', z: 7 }, { chunk })), 'snapshot-invalid')
  assert.is(
    await code(run(snapshot, { fileName: 'a.png', inputNames: ['chunk[overlay=none]'] }, { chunk })),
    'task-variable-missing',
  )
  await run(snapshot, { fileName: 'a.png' }, { chunk }, true)
  assert.not.ok(existsSync(path.join(folder.path, 'a.png')))
  writeFileSync(path.join(folder.path, 'text.png'), 'no picture')
  assert.is(await code(load({ path: 'text.png' })), 'png-unreadable')
})

test.run()
