import {
  bytesPerElement,
  type Chunk,
  type Compute,
  DTYPES,
  type Dtype,
  type ProgressBar,
  rank,
  type TypedArray,
  type WorkerSession,
  type Zyx,
} from '@chunkflow/sdk'
import { uniqueLabels } from '@chunkflow/sdk/numerics'
import { chunkShapeFor } from './chunk-shape.js'
import type { Hdf5Worker } from './session.js'
import { bytesOf, slabBuffer } from './slab-buffer.js'
import { elementsOf, type Region, rowsOf, slabsOf } from './slabs.js'
import type { Compression, NewArray } from './worker/create.js'

export interface WriteRequest {
  /** What messages call the file. */
  readonly name: string
  /** z y x; chosen by the writer unless given. */
  readonly chunkShape: Zyx | undefined
  readonly compression: Compression
  /** The chunk's unless given. */
  readonly voxelSize: Zyx | undefined
  readonly withOffset: boolean
}

export interface WriteServices {
  readonly worker: Hdf5Worker
  readonly compute: Compute
  readonly signal: AbortSignal
}

/**
 * Writes a chunk into a new file: `main`, `voxel_size`, `voxel_offset`, `unique_nonzeros`, and the attribute `layer_type`.
 * @throws hdf5-options, hdf5-unwritable
 */
export async function writeHdf5(
  path: string,
  chunk: Chunk,
  request: WriteRequest,
  { worker, compute, signal }: WriteServices,
  bar: ProgressBar,
): Promise<void> {
  const { data, dtype, shape } = chunk
  const { compression } = request
  const ids = isLabelVolume(chunk) ? await listIds(data, dtype, { compute, signal }) : undefined
  await worker.use(async (session) => {
    await session.call('create', { path, name: request.name })
    const chunks = chunkShapeFor(chunk, request.chunkShape)
    await writeArray(session, { dataset: 'main', shape, dtype, chunks, compression }, data, bar)
    const voxelSize = request.voxelSize ?? chunk.voxelSize
    if (voxelSize !== null)
      await session.call('writeList', { dataset: 'voxel_size', values: Float64Array.from(voxelSize) })
    if (request.withOffset)
      await session.call('writeList', {
        dataset: 'voxel_offset',
        values: BigInt64Array.from(chunk.voxelOffset, BigInt),
      })
    if (chunk.layerType !== null)
      await session.call('writeText', { name: 'layer_type', text: chunk.layerType })
    if (ids !== undefined)
      await writeArray(
        session,
        {
          dataset: 'unique_nonzeros',
          shape: [ids.length],
          dtype,
          chunks: idChunks(ids),
          compression: 'gzip',
        },
        ids,
      )
    await session.call('close')
  }, signal)
}

/** 3-D whole numbers other than uint8. */
const isLabelVolume = (chunk: Chunk): boolean => {
  const { kind } = DTYPES[chunk.dtype]
  return rank(chunk) === 3 && (kind === 'signed' || kind === 'unsigned') && chunk.dtype !== 'uint8'
}

/** The distinct values other than 0, ascending, in the chunk's own type. */
async function listIds(
  data: TypedArray,
  dtype: Dtype,
  services: { compute: Compute; signal: AbortSignal },
): Promise<TypedArray> {
  const { ids } = await uniqueLabels(data, dtype, services)
  const { array, kind, bytes } = DTYPES[dtype]
  const values = kind === 'signed' ? new BigInt64Array(ids.buffer).sort() : ids
  const exact = new array(values.length)
  for (let index = 0; index < values.length; index++)
    exact[index] = bytes === 8 ? values[index]! : Number(values[index]!)
  return exact
}

const LARGEST_ID_CHUNK = 65536
const idChunks = (ids: TypedArray): number[] => [Math.max(1, Math.min(ids.length, LARGEST_ID_CHUNK))]

/** Writes an array slab by slab through a buffer shared with the worker. */
async function writeArray(
  session: WorkerSession,
  array: NewArray,
  data: TypedArray,
  bar?: ProgressBar,
): Promise<void> {
  await session.call('createArray', array)
  const region: Region = { start: array.shape.map(() => 0), count: array.shape }
  const buffer = slabBuffer(array.dtype)
  // elements of all types copy alike; the cast picks one signature
  const source = data as Uint8Array
  for (const slab of slabsOf(region, array.chunks, bytesPerElement(array.dtype))) {
    const elements = elementsOf(slab)
    const values = buffer.holding(elements)
    const { length, offsets } = rowsOf(slab, region)
    for (const [row, offset] of offsets.entries())
      values.set(source.subarray(offset, offset + length), row * length)
    await session.call('write', {
      dataset: array.dataset,
      start: slab.start,
      count: slab.count,
      bytes: bytesOf(values),
    })
    bar?.advance(elements)
  }
}
