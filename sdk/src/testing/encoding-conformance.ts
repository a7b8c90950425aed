import {
  allocate,
  chunkflowError,
  DTYPE_NAMES,
  DTYPES,
  type Dtype,
  isBigDtype,
  isChunkflowError,
  isFloat,
  type TypedArray,
} from '@chunkflow/kernel/authoring'
import type { BlockShape, Encoding } from '../contracts/encodings.js'
import { seededRandom } from './chunk-builders.js'
import type { ConformanceCheck } from './operator-conformance.js'

export interface EncodingConformanceSettings {
  /** Element types it must hold; all others must be refused. */
  readonly dtypes: readonly Dtype[]
  /** Numbers of channels it must hold. */
  readonly channels?: readonly number[]
  /** Settings of the volume's scale. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** By how much a voxel of a smooth block may differ after a round trip; 0 for encodings that lose nothing. */
  readonly tolerance?: number
  /** Encoded blocks and their voxels, made by other software; the only blocks for encodings that are read only. */
  readonly samples?: readonly EncodedSample[]
}

export interface EncodedSample {
  readonly bytes: Uint8Array
  readonly block: BlockShape
  readonly voxels: TypedArray
}

/** Odd, thin and single: what the ends of a volume leave of a block. */
const SIZES = [
  [5, 9, 14],
  [1, 1, 1],
  [8, 16, 8],
  [1, 3, 65],
] as const

const broken = (what: string): Error => chunkflowError('unexpected', what)

/**
 * What every block encoding owes its users: run each check as a test of its own.
 *
 * ```ts
 * for (const { name, run } of encodingConformance(rawEncoding(), { dtypes: ['uint8'] })) test(name, run)
 * ```
 */
export function encodingConformance(
  encoding: Encoding,
  settings: EncodingConformanceSettings,
): ConformanceCheck[] {
  const samples = settings.samples ?? []
  const checks: ConformanceCheck[] = [
    {
      name: 'holds its element types and channels, refuses others',
      run: async () => checkRefusals(encoding, settings),
    },
    ...samples.map((sample, index) => ({
      name: `decodes sample ${index}`,
      run: () => checkDecoded(encoding, sample, settings.tolerance ?? 0),
    })),
    ...(samples.length === 0
      ? []
      : [{ name: 'refuses a damaged sample', run: () => checkDamage(encoding, samples[0]!) }]),
  ]
  if (encoding.readOnly === true)
    return [...checks, { name: 'refuses to encode', run: () => checkReadOnly(encoding, settings) }]
  for (const dtype of settings.dtypes)
    checks.push({ name: `gives back ${dtype}`, run: () => checkRoundTrips(encoding, settings, dtype) })
  const [dtype] = settings.dtypes
  const block = blockOf(dtype!, settings, SIZES[0])
  const sample = async (seed: number): Promise<EncodedSample> => {
    const voxels = voxelsFor(block, settings.tolerance ?? 0, seed)
    return { block, voxels, bytes: Uint8Array.from(await encoding.encode(voxels, block)) }
  }
  checks.push(
    {
      name: 'gives the same bytes again, and leaves the voxels alone',
      run: () => checkRepeat(encoding, sample),
    },
    { name: 'writes nothing beside its target', run: async () => checkTarget(encoding, await sample(3)) },
    { name: 'works on many blocks at once', run: () => checkParallel(encoding, sample, settings) },
    { name: 'refuses damaged blocks', run: async () => checkDamage(encoding, await sample(4)) },
  )
  return checks
}

const blockOf = (
  dtype: Dtype,
  { settings = {}, channels = [1] }: EncodingConformanceSettings,
  size: readonly [number, number, number],
  count = channels[0]!,
): BlockShape => ({ dtype, shapeCzyx: [count, ...size], settings })

function checkRefusals(encoding: Encoding, settings: EncodingConformanceSettings): void {
  for (const dtype of DTYPE_NAMES.filter((name) => name !== 'bool')) {
    for (const count of settings.channels ?? [1]) {
      const reason = encoding.refuses(blockOf(dtype, settings, SIZES[0], count))
      const mustHold = settings.dtypes.includes(dtype)
      if (mustHold && reason !== undefined)
        throw broken(`${dtype} with ${count} channels is refused: ${reason}`)
      if (!mustHold && reason === undefined) throw broken(`${dtype} is accepted although it is not promised`)
    }
  }
}

/** Smooth for encodings that lose something; else patches of values from all over the range, the extremes included. */
function voxelsFor({ dtype, shapeCzyx }: BlockShape, tolerance: number, seed: number): TypedArray {
  const [channels, z, y, x] = shapeCzyx
  const data = allocate(dtype, channels * z * y * x)
  const random = seededRandom(seed)
  const table = valuesOf(dtype, random)
  let current = 0
  for (let index = 0; index < data.length; index++) {
    if (random() < 0.3) current = Math.floor(random() * table.length)
    data[index] =
      tolerance > 0 ? 40 + (index % x) * 3 + (Math.floor(index / x) % y) + 30 * (seed % 3) : table[current]!
  }
  return data
}

function valuesOf(dtype: Dtype, random: () => number): readonly (number | bigint)[] {
  if (dtype === 'float16') return [0, 0x3c00, 0xfbff, 0x0001]
  if (isFloat(dtype)) return [0, -0, 1.5, -1e-30, 3e38, Math.fround(random())]
  const { minimum, maximum } = DTYPES[dtype]
  if (isBigDtype(dtype)) {
    const [low, high] = [BigInt(minimum!), BigInt(maximum!)]
    return [0n, low, high, high - 1n, (1n << 53n) + 1n, BigInt(Math.floor(random() * 2 ** 40))]
  }
  return [0, Number(minimum), Number(maximum), 1, Math.floor(random() * Number(maximum))]
}

const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

/** The largest difference of a voxel; infinite unless bits agree where nothing may be lost. */
function difference(found: TypedArray, expected: TypedArray, tolerance: number): number {
  if (tolerance === 0)
    return Buffer.compare(bytesOf(found), bytesOf(expected)) === 0 ? 0 : Number.POSITIVE_INFINITY
  let most = 0
  for (let index = 0; index < expected.length; index++)
    most = Math.max(most, Math.abs(Number(found[index]) - Number(expected[index])))
  return most
}

async function checkDecoded(
  encoding: Encoding,
  { bytes, block, voxels }: EncodedSample,
  tolerance: number,
): Promise<void> {
  const target = allocate(block.dtype, voxels.length)
  bytesOf(target).fill(7)
  await encoding.decode(bytes, block, target)
  const most = difference(target, voxels, tolerance)
  if (most > tolerance)
    throw broken(
      `${block.dtype} ${block.shapeCzyx.join('×')} comes back different${most < Number.POSITIVE_INFINITY ? ` by ${most}` : ''}`,
    )
}

async function checkRoundTrips(
  encoding: Encoding,
  settings: EncodingConformanceSettings,
  dtype: Dtype,
): Promise<void> {
  const { channels = [1], tolerance = 0 } = settings
  for (const count of channels)
    for (const [index, size] of SIZES.entries()) {
      const block = blockOf(dtype, settings, size, count)
      const voxels = voxelsFor(block, tolerance, index + 1)
      await checkDecoded(encoding, { bytes: await encoding.encode(voxels, block), block, voxels }, tolerance)
    }
}

async function checkRepeat(
  encoding: Encoding,
  sample: (seed: number) => Promise<EncodedSample>,
): Promise<void> {
  const { bytes, block, voxels } = await sample(2)
  const before = bytesOf(voxels).slice()
  const again = await encoding.encode(voxels, block)
  if (Buffer.compare(bytes, again) !== 0) throw broken('encoding the same block twice gives different bytes')
  if (Buffer.compare(before, bytesOf(voxels)) !== 0) throw broken('encoding changes the voxels')
}

async function checkTarget(encoding: Encoding, { bytes, block, voxels }: EncodedSample): Promise<void> {
  const { array, bytes: width } = DTYPES[block.dtype]
  const memory = new Uint8Array(new SharedArrayBuffer(voxels.byteLength + 4 * width)).fill(7)
  await encoding.decode(bytes, block, new array(memory.buffer, 2 * width, voxels.length))
  const beside = [...memory.subarray(0, 2 * width), ...memory.subarray(2 * width + voxels.byteLength)]
  if (beside.some((value) => value !== 7)) throw broken('decoding writes beside its target')
}

async function checkParallel(
  encoding: Encoding,
  sample: (seed: number) => Promise<EncodedSample>,
  { tolerance = 0 }: EncodingConformanceSettings,
): Promise<void> {
  const samples = await Promise.all(Array.from({ length: 12 }, (_, seed) => sample(seed)))
  await Promise.all(samples.map((one) => checkDecoded(encoding, one, tolerance)))
}

/** Blocks that are cut short are errors; any other damage is an error or wrong voxels, never a hang or a crash. */
async function checkDamage(encoding: Encoding, { bytes, block, voxels }: EncodedSample): Promise<void> {
  const target = allocate(block.dtype, voxels.length)
  const fails = async (damaged: Uint8Array): Promise<boolean> => {
    try {
      await encoding.decode(damaged, block, target)
      return false
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw broken(`a damaged block traps: ${error.message}`)
      return true
    }
  }
  for (const length of [0, 1, bytes.length >>> 1])
    if (!(await fails(bytes.slice(0, length)))) throw broken(`a block cut to ${length} bytes is accepted`)
  const random = seededRandom(5)
  for (let round = 0; round < 60; round++) {
    const damaged = bytes.slice()
    for (let hit = 0; hit < 3; hit++)
      damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256)
    await fails(damaged)
  }
}

async function checkReadOnly(encoding: Encoding, settings: EncodingConformanceSettings): Promise<void> {
  const block = blockOf(settings.dtypes[0]!, settings, SIZES[0])
  try {
    await encoding.encode(voxelsFor(block, 0, 1), block)
  } catch (error) {
    if (isChunkflowError(error)) return
  }
  throw broken('a block is encoded, or refused without saying why')
}
