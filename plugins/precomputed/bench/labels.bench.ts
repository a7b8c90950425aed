import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { allocate, type BlockShape, type Compute, createChunk, type TypedArray } from '@chunkflow/sdk'
import { downsampleChunk } from '@chunkflow/sdk/numerics'
import { inlineCompute } from '@chunkflow/sdk/testing'
import { javascriptCompute } from '../../../test/bench/javascript/compile.js'
import type { Bench } from '../../../test/bench/measure.js'
import { compressedSegmentation } from '../src/encodings/compressed-segmentation.js'
import { compresso } from '../src/encodings/compresso.js'

const SIZE = [64, 256, 256] as const
const BLOCK: BlockShape = { dtype: 'uint64', shapeCzyx: [1, ...SIZE], settings: {} }

/** Real labels of mouse cortex, as 64-bit ids. */
async function labels(compute: Compute): Promise<BigUint64Array> {
  const file = new URL('../../../test/fixtures/pinky40/0-256_0-256_64-128.gz', import.meta.url)
  const decoder = compresso(compute)
  const narrow = allocate('uint32', 64 * 256 * 256) as Uint32Array
  await decoder.decode(gunzipSync(readFileSync(file)), { ...BLOCK, dtype: 'uint32' }, narrow)
  await decoder.dispose()
  const wide = allocate('uint64', narrow.length) as BigUint64Array
  for (const [index, label] of narrow.entries()) wide[index] = BigInt(label) << 20n
  return wide
}

const same = (left: Uint8Array | TypedArray, right: Uint8Array | TypedArray): void => {
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    new Uint8Array(buffer, byteOffset, byteLength)
  if (Buffer.compare(bytes(left), bytes(right)) !== 0)
    throw new Error('WebAssembly and JavaScript give different results')
}

/** Short work several times: CPU time is counted in hundredths of a second. */
async function repeat(work: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < 8; round++) await work()
}

/**
 * Kernels for labels: WebAssembly, copies in and out included, against the same source as JavaScript; both on this thread, so
 * that the kernels are compared and not the messages to workers.
 */
export default async function bench({ ratio }: Bench): Promise<void> {
  const webAssembly = inlineCompute()
  const javascript = {
    concurrency: 1,
    ...(await javascriptCompute([
      new URL('../src/kernels/assembly/compressed-segmentation.ts', import.meta.url),
      new URL('../../../sdk/src/numerics/assembly/downsample-mode.ts', import.meta.url),
    ])),
  } as Compute
  const voxels = await labels(webAssembly)
  const [ours, theirs] = [compressedSegmentation(webAssembly), compressedSegmentation(javascript)]
  same(await ours.encode(voxels, BLOCK), await theirs.encode(voxels, BLOCK))
  await ratio(
    `precomputed: encode compressed_segmentation, WebAssembly / JavaScript, ${SIZE.join('x')} uint64`,
    () => repeat(() => Promise.resolve(ours.encode(voxels, BLOCK))),
    () => repeat(() => Promise.resolve(theirs.encode(voxels, BLOCK))),
    { target: 0.45 },
  )
  const chunk = createChunk(voxels, SIZE, { layerType: 'segmentation' })
  const downsample = async (compute: Compute): Promise<TypedArray> =>
    (await downsampleChunk(chunk, [1, 2, 2], { compute }, 'mode')).data
  same(await downsample(webAssembly), await downsample(javascript))
  await ratio(
    `precomputed: mode 1x2x2, WebAssembly / JavaScript, ${SIZE.join('x')} uint64`,
    () => repeat(() => downsample(webAssembly)),
    () => repeat(() => downsample(javascript)),
    { target: 0.6 },
  )
  await ours.dispose()
}
