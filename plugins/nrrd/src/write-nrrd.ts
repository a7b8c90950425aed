import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import { type Chunk, convertElements, type Dtype, type TypedArray } from '@chunkflow/sdk'
import { permuteAxes } from '@chunkflow/sdk/numerics'
import type { AxisName, AxisOrder } from './axes.js'
import { nameOfDtype } from './type-names.js'

export interface WriteNrrdOptions {
  readonly encoding: 'raw' | 'gzip'
  readonly axisOrder: AxisOrder
  readonly compressionLevel?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly advance?: ((elements: number) => void) | undefined
}

/** The element type in which a chunk is stored without loss: the format has neither bool nor half floats. */
export const storedDtype = (dtype: Dtype): Dtype =>
  dtype === 'bool' ? 'uint8' : dtype === 'float16' ? 'float32' : dtype

/** How much is written at once. */
const PIECE_BYTES = 2 ** 20

/** Writes a chunk, which is not empty, into a new file with an attached header. */
export async function writeNrrd(file: string, chunk: Chunk, options: WriteNrrdOptions): Promise<void> {
  const dtype = storedDtype(chunk.dtype)
  const { shape } = chunk
  const converted = dtype === chunk.dtype ? chunk.data : convertElements(chunk.data, chunk.dtype, dtype)
  const axes = [...shape.keys()]
  const data =
    options.axisOrder === 'xyz'
      ? converted
      : await permuteAxes(converted, dtype, shape, axes.toReversed(), options.signal)
  const { signal } = options
  const elements = piecesOf(data, options.advance)
  const target = createWriteStream(file)
  target.write(formatHeader(chunk, dtype, options))
  const settings = {
    level: options.compressionLevel ?? constants.Z_DEFAULT_COMPRESSION,
    chunkSize: PIECE_BYTES,
  }
  if (options.encoding === 'raw') await pipeline(elements, target, { signal })
  else await pipeline(elements, createGzip(settings), target, { signal })
}

function* piecesOf(data: TypedArray, advance?: (elements: number) => void): Generator<Uint8Array> {
  for (let done = 0; done < data.byteLength; done += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, data.byteLength - done)
    yield new Uint8Array(data.buffer, data.byteOffset + done, length)
    advance?.(length / data.BYTES_PER_ELEMENT)
  }
}

/**
 * The header: space directions and origin place the chunk in a space whose axes are x y z. They are in nanometres, or in voxels
 * when the voxel size is unknown.
 */
export function formatHeader(
  { shape, voxelOffset, voxelSize }: Chunk,
  dtype: Dtype,
  { encoding, axisOrder }: Pick<WriteNrrdOptions, 'encoding' | 'axisOrder'>,
): string {
  const slowestFirst: AxisName[] = shape.length === 4 ? ['c', 'z', 'y', 'x'] : ['z', 'y', 'x']
  const names = axisOrder === 'xyz' ? slowestFirst.toReversed() : slowestFirst
  const size = voxelSize ?? [1, 1, 1]
  const directions: Readonly<Record<AxisName, string>> = {
    c: 'none',
    z: `(0,0,${size[0]})`,
    y: `(0,${size[1]},0)`,
    x: `(${size[2]},0,0)`,
  }
  const unit = voxelSize === null ? '"voxel"' : '"nm"'
  const origin = voxelOffset.map((offset, axis) => offset * size[axis]!).toReversed()
  const lines = [
    'NRRD0004',
    `type: ${nameOfDtype(dtype)}`,
    `dimension: ${names.length}`,
    'space dimension: 3',
    `sizes: ${names.map((name) => shape[slowestFirst.indexOf(name)]).join(' ')}`,
    `space directions: ${names.map((name) => directions[name]).join(' ')}`,
    `kinds: ${names.map((name) => (name === 'c' ? 'list' : 'domain')).join(' ')}`,
    `labels: ${names.map((name) => `"${name}"`).join(' ')}`,
    'endian: little',
    `encoding: ${encoding}`,
    `space units: ${unit} ${unit} ${unit}`,
    `space origin: (${origin.join(',')})`,
  ]
  return `${lines.join('\n')}\n\n`
}
