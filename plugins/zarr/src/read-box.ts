import {
  allocate,
  type BoundingBox,
  boxFromSize,
  boxSize,
  type Chunk,
  chunkflowError,
  copyRegion,
  createChunk,
  DTYPES,
  forEachParallel,
  formatBox,
  intersectBoxes,
  isChunkflowError,
  subtractZyx,
  type TypedArray,
  zyx,
} from '@chunkflow/sdk'
import type { CodecWorkers } from './codec-workers.js'
import { fillsWithZero, pipelineOf } from './format/layout.js'
import {
  byAxis,
  type Czyx,
  chunksIn,
  countChunks,
  elementsIn,
  type GridChunk,
  gridOf,
  shapeOf,
  spatialOf,
  stridesIn,
} from './grid.js'
import type { OpenedArray } from './open-array.js'
import { bufferPool, chunksInFlight } from './parallel.js'
import { byRole } from './placement.js'
import { decodeFailure } from './stored-chunks.js'

export interface ReadBoxOptions {
  /** Global voxels. What lies beyond the array becomes its fill value. */
  readonly box: BoundingBox
  readonly signal?: AbortSignal | undefined
  readonly onChunk?: (() => void) | undefined
  /** A chunk that is not stored is an error instead of the fill value. */
  readonly requireStored?: boolean | undefined
  /** Results below this are filled by the workers themselves. */
  readonly postedBytes?: number | undefined
}

/**
 * A box of an array as a chunk, (c, z, y, x) when the array has channels, else (z, y, x). Chunks are fetched, decoded on
 * other threads and placed several at a time; memory besides the result is bounded.
 * @throws zarr-chunk-corrupt, zarr-too-large
 */
export async function readBox(
  array: OpenedArray,
  workers: CodecWorkers,
  { box, ...options }: ReadBoxOptions,
): Promise<Chunk> {
  const { layout, placement } = array
  const { channels } = gridOf(array)
  const size = boxSize(box)
  const data = allocateFor(array, box)
  if (!fillsWithZero(layout)) (data as Uint8Array).fill(layout.fill[0] as number)
  const inside = intersectBoxes(box, placement.box)
  if (inside !== null) {
    // another step or process may have written more into the shards since the last box
    array.chunks.forget()
    const target = { data, shape: shapeOf(channels, size), start: box.start }
    await readInside(array, workers, { ...options, inside, target })
  }
  return createChunk(data, placement.channels === null ? size : [channels, ...size], {
    dtype: layout.dtype,
    voxelOffset: box.start,
    voxelSize: placement.voxelSizeNm,
    layerType: placement.layerType,
  })
}

function allocateFor({ layout: { dtype }, placement }: OpenedArray, box: BoundingBox): TypedArray {
  const elements = elementsIn(placement.channels ?? 1, box)
  try {
    return allocate(dtype, elements)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    const gigabytes = (elements * DTYPES[dtype].bytes) / 1e9
    throw chunkflowError(
      'zarr-too-large',
      `Box ${formatBox(box)} of ${dtype} takes ${gigabytes.toPrecision(3)} GB, more than this machine allocates at once`,
      { fix: 'read a smaller box: --chunk-start with --chunk-size, or tasks from generate-tasks', cause },
    )
  }
}

interface Target {
  readonly data: TypedArray
  readonly shape: readonly [number, number, number, number]
  readonly start: BoundingBox['start']
}

/** Buffers up to this arrive whole in a worker; into larger ones the voxels are copied here. */
const LARGEST_POSTED_BYTES = 2 ** 31

async function readInside(
  array: OpenedArray,
  workers: CodecWorkers,
  {
    inside,
    target,
    signal,
    onChunk,
    postedBytes = LARGEST_POSTED_BYTES,
    requireStored = false,
  }: Omit<ReadBoxOptions, 'box'> & { readonly inside: BoundingBox; readonly target: Target },
): Promise<void> {
  const { layout, chunks: source } = array
  const grid = gridOf(array)
  const { bytes } = DTYPES[layout.dtype]
  const bytesPerChunk = layout.chunkShape.reduce((product, size) => product * size, bytes)
  const place = target.data.buffer.byteLength < postedBytes ? placeThere : copyingPlacer(bytesPerChunk)

  async function read(part: GridChunk): Promise<void> {
    try {
      await attempt(part)
    } catch (error) {
      const isCorrupt = isChunkflowError(error) && error.code === 'zarr-chunk-corrupt'
      if (layout.shards === null || !isCorrupt) throw error
      // another process may have replaced the shard that the remembered index belongs to
      source.forget(source.keyOf(part.index))
      await attempt(part)
    }
    onChunk?.()
  }

  async function attempt(part: GridChunk): Promise<void> {
    const stored = await source.read(part.index, signal)
    if (stored === null && requireStored) throw missing(source.where(part.index))
    if (stored !== null) {
      const common = intersectBoxes(part.box, inside)!
      const start = byAxis(grid.roles, shapeOf(0, subtractZyx(common.start, part.full.start)), 0)
      const wanted = byAxis(grid.roles, shapeOf(part.channels, boxSize(common)), 1)
      // blocks of N5 may end before the others: the rest is not stored
      const count = wanted.map((length, axis) =>
        Math.max(0, Math.min(length, stored.shape[axis]! - start[axis]!)),
      )
      const present = boxFromSize(common.start, spatialOf(grid.roles, count))
      const [channels] = byRole(grid.roles, count)
      await place({ ...part, channels }, present, (buffer, offset, shape) =>
        workers
          .decode({
            pipeline: pipelineOf(layout, stored.shape),
            bytes: stored.bytes,
            start,
            count,
            target: buffer,
            offset,
            strides: stridesIn(grid.roles, byAxis(grid.roles, shape, 1)),
          })
          .catch((error: unknown) => {
            throw decodeFailure(error, source.where(part.index))
          }),
      )
    }
  }

  type Decode = (buffer: ArrayBufferLike, offset: number, shape: Czyx) => Promise<void>

  /** The workers write into the result themselves. */
  async function placeThere(part: GridChunk, { start }: BoundingBox, decode: Decode): Promise<void> {
    const [, sizeZ, sizeY, sizeX] = target.shape
    const [z, y, x] = subtractZyx(start, target.start)
    const voxel = ((part.firstChannel * sizeZ + z) * sizeY + y) * sizeX + x
    await decode(target.data.buffer, target.data.byteOffset / bytes + voxel, target.shape)
  }

  function copyingPlacer(bytesOfBuffer: number) {
    const pool = bufferPool(bytesOfBuffer)
    const { array: Elements } = DTYPES[layout.dtype]
    const [, sizeZ, sizeY, sizeX] = target.shape
    const voxels = sizeZ * sizeY * sizeX
    return async ({ firstChannel, channels }: GridChunk, box: BoundingBox, decode: Decode): Promise<void> => {
      const buffer = pool.take()
      const shape = shapeOf(channels, boxSize(box))
      await decode(buffer, 0, shape)
      const first = firstChannel * voxels
      copyRegion(
        { data: new Elements(buffer, 0, elementsIn(channels, box)), shape },
        zyx(0, 0, 0),
        {
          data: target.data.subarray(first, first + channels * voxels) as TypedArray,
          shape: [channels, sizeZ, sizeY, sizeX],
        },
        subtractZyx(box.start, target.start),
        boxSize(box),
      )
      pool.give(buffer)
    }
  }

  await forEachParallel(chunksIn(grid, inside), chunksInFlight(bytesPerChunk), signal, read)
}

const missing = (where: string) =>
  chunkflowError('zarr-chunk-missing', `Chunk ${where} is not stored`, {
    where,
    fix: 'chunks of the fill value are never stored: read with --fill-missing unless the region must be complete',
  })

/** How many chunks a box meets. */
export function chunksToRead(array: OpenedArray, box: BoundingBox): number {
  const inside = intersectBoxes(box, array.placement.box)
  return inside === null ? 0 : countChunks(gridOf(array), inside)
}
