import {
  allocate,
  boundingBox,
  type Chunk,
  cloneChunk,
  createChunk,
  type Dtype,
  emptyChunk,
} from '@chunkflow/sdk'
import { ODD_PLACEMENT, randomChunk } from '@chunkflow/sdk/testing'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { binarise, maskVoxels } from '../kernels/mask-voxels.js'
import { refuses, setUp } from '../testing/set-up.js'
import createInfo from './create-info.js'
import mask from './mask.js'
import savePrecomputed from './save-precomputed.js'

const test = suite('mask')

/** A mask of 3×2×4 voxels of 40 8 16 nm at offset 5 -1 2: zero at (5, -1, 2) and over the plane z = 7. */
async function withMask(dtype: Dtype = 'uint8') {
  const made = setUp()
  const data = allocate(dtype, 24)
  for (let index = 0; index < 24; index++) data[index] = (dtype === 'uint64' ? 1n << 63n : 200) as never
  for (const index of [0, 16, 17, 18, 19, 20, 21, 22, 23])
    data[index] = (dtype === 'uint64' ? 0n : 0) as never
  const chunk = createChunk(data, [3, 2, 4], { voxelOffset: [5, -1, 2], voxelSize: [40, 8, 16] })
  await made.run(createInfo, { options: { blockSize: [1, 2, 2] }, variables: { chunk } })
  await made.run(savePrecomputed, { variables: { chunk } })
  return made
}
/** Voxels of 40 4 4 nm under the mask: factors 1 2 4. */
const image = (dtype: Dtype = 'uint16') =>
  randomChunk([2, 4, 16], { dtype, voxelOffset: [5, -2, 8], voxelSize: [40, 4, 4] }, { limit: 90 })

test('keeps what lies under the mask, and its opposite with --inverse', async () => {
  for (const dtype of ['uint8', 'uint64'] as const) {
    const { run } = await withMask(dtype)
    const chunk = image()
    const before = cloneChunk(chunk)
    const kept = (z: number, y: number, x: number) => !(z === 5 && y < 0 && x < 12)
    for (const inverse of [false, true]) {
      const variables = { chunk: cloneChunk(before) }
      const { task } = await run(mask, { options: { mip: 0, inverse, outputNames: ['masked'] }, variables })
      const result = task.get<Chunk>('masked')
      assert.equal(task.get<Chunk>('chunk').data, before.data)
      let index = 0
      for (let z = 5; z < 7; z++)
        for (let y = -2; y < 2; y++)
          for (let x = 8; x < 24; x++) {
            const expected = kept(z, y, x) !== inverse ? before.data[index] : 0
            assert.is(result.data[index++], expected, `${z} ${y} ${x}`)
          }
    }
  }
})

test('masks all channels of several chunks in place; without voxel sizes the mips tell the factor', async () => {
  const { run } = await withMask()
  const voxelOffset = [5, -4, 8]
  const a = randomChunk([3, 2, 8, 16], { dtype: 'float32', voxelOffset })
  const b = randomChunk([2, 8, 16], { dtype: 'uint64', voxelOffset })
  ;(a.data as Float32Array).fill(0.5)
  ;(b.data as BigUint64Array).fill((1n << 64n) - 1n)
  const options = { mip: 0, inputNames: ['a', 'b'] }
  await refuses(run(mask, { options, variables: { a, b }, globals: { mip: 1 } }), 'mask-mismatch')
  const { run: runCoarse } = setUp()
  await runCoarse(createInfo, {
    options: {
      dataType: 'uint8',
      volumeSize: [9, 16, 64],
      blockSize: [9, 8, 8],
      factor: [1, 2, 2],
      maxMip: 2,
      voxelOffset: [0, -8, 0],
    },
  })
  const coarse = createChunk(new Uint8Array(9 * 4 * 16).fill(1), [9, 4, 16], { voxelOffset: [0, -2, 0] })
  // one mask voxel of 4×4 at mip 2 covers y -4 to 0, x 8 to 12
  coarse.data[(5 * 4 + 1) * 16 + 2] = 0
  await runCoarse(savePrecomputed, { options: { mip: 2 }, variables: { chunk: coarse } })
  const { task } = await runCoarse(mask, { options: { ...options, mip: 2 }, variables: { a, b } })
  assert.is(task.get('a'), a)
  const sum = (a.data as Float32Array).reduce((left, right) => left + right, 0)
  assert.is(sum, 0.5 * (a.data.length - 3 * 16))
  const zeros = [...(b.data as BigUint64Array)].flatMap((value, index) => (value === 0n ? [index] : []))
  assert.equal(
    zeros,
    [0, 1, 2, 3].flatMap((y) => [0, 1, 2, 3].map((x) => y * 16 + x)),
  )
})

test('refuses chunks that do not fit the mask', async () => {
  const { run } = await withMask()
  const at = (voxelOffset: number[], shape: number[], voxelSize = [40, 4, 4]) => ({
    chunk: randomChunk(shape, { dtype: 'uint8', voxelOffset, voxelSize }),
  })
  const options = { mip: 0 }
  assert.match(
    await refuses(run(mask, { options, variables: at([5, -2, 10], [2, 4, 16]) }), 'mask-mismatch'),
    'factor 1 2 4 (zyx)',
  )
  await refuses(run(mask, { options, variables: at([5, -2, 8], [2, 4, 14]) }), 'mask-mismatch')
  await refuses(run(mask, { options, variables: at([5, -2, 8], [2, 4, 16], [40, 3, 4]) }), 'mask-mismatch')
  const other = { ...at([5, -2, 8], [2, 4, 16]), b: at([5, -2, 8], [2, 4, 8]).chunk }
  await refuses(
    run(mask, { options: { ...options, inputNames: ['chunk', 'b'] }, variables: other }),
    'mask-mismatch',
  )
  await refuses(
    run(mask, { options: { mip: 1 }, variables: at([5, -2, 8], [2, 4, 16]) }),
    'volume-mip-missing',
  )
})

test('an indivisible size is refused with the sizes, and the mip, that fit', async () => {
  const { run } = setUp()
  await run(createInfo, {
    options: {
      dataType: 'uint8',
      volumeSize: [4, 64, 64],
      blockSize: [4, 8, 8],
      factor: [1, 2, 2],
      maxMip: 4,
      voxelSize: [40, 4, 4],
    },
  })
  // size 24 allows at most factor 8
  const chunk = emptyChunk('uint8', [4, 24, 24], { voxelOffset: [0, 0, 24], voxelSize: [40, 4, 4] })
  const said = await refuses(run(mask, { options: { mip: 4 }, variables: { chunk } }), 'mask-mismatch')
  assert.match(
    said,
    "Box 0-4_0-24_24-48 of 4 24 24 voxels cannot be divided by the mask's factor 1 16 16 (zyx)",
  )
  assert.match(said, 'sizes 4 16 16 (0-4_0-16_32-48) or 4 32 32 (0-4_0-32_16-48)')
  assert.match(said, '--mip 3 of the mask fits this box')
  await run(mask, { options: { mip: 3 }, variables: { chunk } })
})

test('skips to the target when nothing of the task survives', async () => {
  const { run } = await withMask()
  const check = async (bbox: ReturnType<typeof boundingBox>, options = {}) => {
    const { outcome } = await run(mask, {
      options: { mip: 0, checkAllZero: true, ...options },
      variables: { bbox },
    })
    return outcome === undefined ? undefined : (outcome as { target: string }).target
  }
  const [blank, mixed] = [boundingBox([7, -1, 2], [8, 1, 6]), boundingBox([5, -1, 2], [8, 1, 6])]
  assert.is(await check(blank), 'save-precomputed')
  assert.is(await check(blank, { skipTo: 'save' }), 'save')
  assert.is(await check(blank, { inverse: true }), undefined)
  assert.is(await check(mixed), undefined)
  assert.is(await check(boundingBox([5, 0, 3], [7, 1, 6]), { inverse: true }), 'save-precomputed')
  // beyond the mask there is nothing
  assert.is(await check(boundingBox([50, 0, 3], [51, 1, 6])), 'save-precomputed')
  await refuses(run(mask, { options: { mip: 0, checkAllZero: true } }), 'task-no-bbox')
  const { skipTargets } = mask
  const options = { checkAllZero: true, skipTo: 'save' } as Parameters<NonNullable<typeof skipTargets>>[0]
  assert.equal(skipTargets!(options), ['save'])
  assert.equal(skipTargets!({ ...options, checkAllZero: false }), [])
})

test('the plan refuses a missing chunk and an uneven number of names', () => {
  const parsed = { inputNames: ['a', 'b'], outputNames: ['c'], checkAllZero: false } as never
  assert.throws(() => mask.infer!({ inputNames: { kind: 'chunk' } }, parsed), /1 names for 2 chunks/)
  assert.throws(() => mask.infer!({}, { inputNames: ['a'], checkAllZero: false } as never), /mask reads "a"/)
  assert.equal(mask.infer!({}, { inputNames: ['a'], checkAllZero: true } as never), {})
})

test('a voxel survives exactly when the mask voxel that covers it is set', () => {
  fc.assert(
    fc.property(
      fc.tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
      ),
      fc.tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
      ),
      fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
      (size, factor, flags) => {
        const bits = Uint8Array.from(flags.slice(0, size[0] * size[1] * size[2]), Number)
        const shape = size.map((value, axis) => value * factor[axis]!)
        const chunk = createChunk(
          new Int32Array(shape.reduce((a, b) => a * b, 1)).fill(-5),
          shape,
          ODD_PLACEMENT,
        )
        maskVoxels(chunk, { data: bits, size }, factor)
        let index = 0
        for (let z = 0; z < shape[0]!; z++)
          for (let y = 0; y < shape[1]!; y++)
            for (let x = 0; x < shape[2]!; x++) {
              const [a, b, c] = [
                Math.floor(z / factor[0]),
                Math.floor(y / factor[1]),
                Math.floor(x / factor[2]),
              ]
              if (chunk.data[index++] !== (bits[(a * size[1] + b) * size[2] + c] ? -5 : 0)) return false
            }
        return true
      },
    ),
  )
})

test('zero is zero in every type', () => {
  assert.equal(
    [...binarise({ data: Uint16Array.of(0, 0x8000, 1, 0x3c00), dtype: 'float16' }, false)],
    [0, 0, 1, 1],
  )
  assert.equal(
    [...binarise({ data: Float32Array.of(0, -0, Number.NaN, 1e-40), dtype: 'float32' }, true)],
    [1, 1, 0, 0],
  )
  assert.equal(
    [...binarise({ data: BigInt64Array.of(0n, -1n, 1n << 62n), dtype: 'int64' }, false)],
    [0, 1, 1],
  )
})

test.run()
