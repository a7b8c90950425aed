import { type FileHandle, open } from 'node:fs/promises'
import {
  type Chunk,
  channelCount,
  chunkflowError,
  convertElements,
  type Dtype,
  describeChunk,
  float16ToNumber,
  formatFlag,
  spatialSize,
  type TypedArray,
  type Zyx,
} from '@chunkflow/sdk'
import { FIELD, HEADER_BYTES, IMOD_STAMP } from './header.js'
import { modeOfDtype } from './modes.js'

export interface WriteMrcOptions {
  readonly dtype: Dtype
  readonly signal?: AbortSignal | undefined
  readonly advance?: ((elements: number) => void) | undefined
}

/** How much is converted, measured and written at once. */
const PIECE_ELEMENTS = 2 ** 20

/** What the header says of the voxels. */
interface Statistics {
  minimum: number
  maximum: number
  sum: number
  sumOfSquares: number
}

/**
 * Writes a chunk, which is not empty, into a new file: little endian, the offset as the start, the voxel size as the cell.
 * @throws mrc-options for types and offsets the format does not have, mrc-lossy when a conversion would change a voxel
 */
export async function writeMrc(
  file: string,
  chunk: Chunk,
  { dtype, signal, advance }: WriteMrcOptions,
): Promise<void> {
  const handle = await open(file, 'w')
  try {
    const statistics: Statistics = { minimum: Infinity, maximum: -Infinity, sum: 0, sumOfSquares: 0 }
    let position = HEADER_BYTES
    for (let done = 0; done < chunk.data.length; done += PIECE_ELEMENTS) {
      signal?.throwIfAborted()
      const piece = convertExactly(chunk, done, dtype)
      measure(piece, dtype, statistics)
      position += await writeAll(handle, piece, position)
      advance?.(piece.length)
    }
    await writeAll(handle, formatHeader(chunk, dtype, statistics), 0)
  } finally {
    await handle.close()
  }
}

async function writeAll(handle: FileHandle, data: ArrayBufferView, position: number): Promise<number> {
  for (let done = 0; done < data.byteLength; ) {
    const rest = new Uint8Array(data.buffer, data.byteOffset + done, data.byteLength - done)
    done += (await handle.write(rest, 0, rest.length, position + done)).bytesWritten
  }
  return data.byteLength
}

function convertExactly(chunk: Chunk, start: number, dtype: Dtype): TypedArray {
  const piece = chunk.data.subarray(start, start + PIECE_ELEMENTS)
  if (dtype === chunk.dtype || (chunk.dtype === 'bool' && dtype === 'uint8')) return piece
  const converted = convertElements(piece, chunk.dtype, dtype)
  const back = convertElements(converted, dtype, chunk.dtype)
  for (let index = 0; index < piece.length; index++) {
    if (Object.is(piece[index], back[index])) continue
    // -0 and 0 are one number
    if (piece[index] === back[index]) continue
    throw chunkflowError(
      'mrc-lossy',
      `Voxel ${start + index} of ${describeChunk(chunk)}, ${piece[index]}, is none of ${dtype}`,
      {
        fix: 'give a wider --dtype, or convert the chunk before: quantize makes bytes of maps',
      },
    )
  }
  return converted
}

function measure(piece: TypedArray, dtype: Dtype, statistics: Statistics): void {
  let { minimum, maximum, sum, sumOfSquares } = statistics
  // the types of the format are numbers; half floats are their bits
  const values = piece as Float32Array
  const half = dtype === 'float16'
  for (let index = 0; index < values.length; index++) {
    const value = half ? float16ToNumber(values[index]!) : values[index]!
    if (value < minimum) minimum = value
    if (value > maximum) maximum = value
    sum += value
    sumOfSquares += value * value
  }
  Object.assign(statistics, { minimum, maximum, sum, sumOfSquares })
}

/** Version of the standard; half floats came with an addition to it. */
const VERSION = 20_140
const VERSION_WITH_HALF = 20_141
const SPACE_GROUP = { volume: 1, stackOfVolumes: 401 }
const ANGSTROM_PER_NM = 10

export function formatHeader(
  chunk: Chunk,
  dtype: Dtype,
  { minimum, maximum, sum, sumOfSquares }: Statistics,
): Buffer {
  const mode = requireMode(dtype)
  const header = Buffer.alloc(HEADER_BYTES)
  const integers = (offset: number, ...values: readonly number[]): void =>
    values.forEach((value, index) => void header.writeInt32LE(value, offset + 4 * index))
  const floats = (offset: number, ...values: readonly number[]): void =>
    values.forEach((value, index) => void header.writeFloatLE(value, offset + 4 * index))
  const [depth, height, width] = spatialSize(chunk)
  const volumes = channelCount(chunk)
  const [z, y, x] = requireStart(chunk)
  integers(0, width, height, depth * volumes, mode, x, y, z, width, height, depth)
  if (chunk.voxelSize !== null) {
    const [deep, high, wide] = chunk.voxelSize.map((size) => size * ANGSTROM_PER_NM) as [
      number,
      number,
      number,
    ]
    floats(40, width * wide, height * high, depth * deep)
  }
  floats(52, 90, 90, 90)
  integers(64, 1, 2, 3)
  const mean = sum / chunk.data.length
  floats(76, minimum, maximum, mean)
  integers(88, volumes === 1 ? SPACE_GROUP.volume : SPACE_GROUP.stackOfVolumes)
  integers(FIELD.version, mode === 12 ? VERSION_WITH_HALF : VERSION)
  // the standard has signed bytes; the stamp lets IMOD and others know which these are
  if (mode === 0) integers(FIELD.imodStamp, IMOD_STAMP, dtype === 'int8' ? 1 : 0)
  header.write('MAP ', FIELD.map, 'latin1')
  header.set([0x44, 0x44], FIELD.machineStamp)
  floats(FIELD.rms, Math.sqrt(Math.max(0, sumOfSquares / chunk.data.length - mean * mean)))
  return header
}

/** @throws mrc-options */
export function requireMode(dtype: Dtype): number {
  const mode = modeOfDtype(dtype)
  if (mode === undefined)
    throw chunkflowError(
      'mrc-options',
      `MRC files have no ${dtype}, only integers up to 16 bits and floats up to 32`,
      {
        fix: 'give --dtype float32 or a smaller type, which is refused when a voxel does not fit; labels belong into save-h5 or save-nrrd',
      },
    )
  return mode
}

/** @throws mrc-options */
export function requireStart({ voxelOffset }: Chunk): Zyx {
  if (voxelOffset.some((offset) => Math.abs(offset) > 2 ** 31 - 1))
    throw chunkflowError(
      'mrc-options',
      `MRC files cannot begin at ${formatFlag(voxelOffset)}: it is beyond 32 bits`,
      {
        fix: 'save it with save-h5 or save-nrrd',
      },
    )
  return voxelOffset
}
