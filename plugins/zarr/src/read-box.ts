import {
  allocate,
  type BoundingBox,
  boxSize,
  type Chunk,
  chunkflowError,
  copyRegion,
  createChunk,
  DTYPES,
  formatBox,
  intersectBoxes,
  subtractZyx,
  type TypedArray,
  zyx,
} from '@chunkflow/sdk'
import type { CodecWorkers } from './codec-workers.js'
import { fillsWithZero, pipelineOf } from './format/layout.js'
import {
  byAxis,
  chunksIn,
  countChunks,
  elementsIn,
  type GridChunk,
  gridOf,
  shapeOf,
  stridesIn,
} from './grid.js'
import type { OpenedArray } from './open-array.js'
import { bufferPool, chunksInFlight, forEachParallel } from './parallel.js'
import { chunkSource, decodeFailure, type StoredChunk } from './stored-chunks.js'

export interface ReadBoxOptions {
  /** Global voxels. What lies beyond the array becomes its fill value. */
  readonly box: BoundingBox
  readonly signal?: AbortSignal | undefined
  readonly onChunk?: (() => void) | undefined
}

/**
 * A box of an array as a chunk, (c, z, y, x) when the array has channels, else (z, y, x). Chunks are fetched, decoded on
 * other threads and placed several at a time; memory besides the result is bounded.
 * @throws zarr-chunk-corrupt, zarr-too-large
 */
export async function readBox(
  array: OpenedArray,
  workers: CodecWorkers,
  { box, signal, onChunk }: ReadBoxOptions,
): Promise<Chunk> {
  const { layout, placement } = array
  const { channels } = gridOf(array)
  const size = boxSize(box)
  const data = allocateFor(array, box)
  if (!fillsWithZero(layout)) (data as Uint8Array).fill(layout.fill[0] as number)
  const inside = intersectBoxes(box, placement.box)
  if (inside !== null) {
    const target = { data, shape: shapeOf(channels, size), start: box.start }
    await readInside(array, workers, { inside, target, signal, onChunk })
  }
  return createChunk(data, placement.channels === null ? size : [channels, ...size], {
    dtype: layout.dtype,
    voxelOffset: box.start,
    voxelSize: placement.voxelSizeNm,
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

async function readInside(
  array: OpenedArray,
  workers: CodecWorkers,
  {
    inside,
    target,
    signal,
    onChunk,
  }: Omit<ReadBoxOptions, 'box'> & { readonly inside: BoundingBox; readonly target: Target },
): Promise<void> {
  const { layout } = array
  const grid = gridOf(array)
  const source = chunkSource(array, workers)
  const { array: Elements, bytes } = DTYPES[layout.dtype]
  const bytesPerChunk = layout.chunkShape.reduce((product, size) => product * size, bytes)
  const pool = bufferPool(bytesPerChunk)
  const [, sizeZ, sizeY, sizeX] = target.shape
  const voxels = sizeZ * sizeY * sizeX

  async function place(part: GridChunk): Promise<void> {
    const stored = await source.read(part.index, signal)
    if (stored !== null) {
      const common = intersectBoxes(part.box, inside)!
      const size = boxSize(common)
      const buffer = pool.take()
      const data = new Elements(buffer, 0, elementsIn(part.channels, common))
      await decode(part, common, stored, data).catch((error: unknown) => {
        throw decodeFailure(error, source.where(part.index))
      })
      const first = part.firstChannel * voxels
      const channels = target.data.subarray(first, first + part.channels * voxels) as TypedArray
      copyRegion(
        { data, shape: shapeOf(part.channels, size) },
        zyx(0, 0, 0),
        { data: channels, shape: [part.channels, sizeZ, sizeY, sizeX] },
        subtractZyx(common.start, target.start),
        size,
      )
      pool.give(buffer)
    }
    onChunk?.()
  }

  /** Puts the common part into `data`, c z y x. */
  async function decode(
    part: GridChunk,
    common: BoundingBox,
    stored: StoredChunk,
    data: TypedArray,
  ): Promise<void> {
    const start = byAxis(grid.roles, shapeOf(0, subtractZyx(common.start, part.full.start)), 0)
    const wanted = byAxis(grid.roles, shapeOf(part.channels, boxSize(common)), 1)
    // blocks of N5 may end before the others
    const present = wanted.map((length, axis) =>
      Math.max(0, Math.min(length, stored.shape[axis]! - start[axis]!)),
    )
    if (present.some((length, axis) => length < wanted[axis]!))
      (data as Uint8Array).fill(layout.fill[0] as number)
    await workers.decode({
      pipeline: pipelineOf(layout, stored.shape),
      bytes: stored.bytes,
      start,
      count: present,
      target: data.buffer,
      strides: stridesIn(grid.roles, wanted),
    })
  }

  await forEachParallel(chunksIn(grid, inside), chunksInFlight(bytesPerChunk), signal, place)
}

/** How many chunks a box meets. */
export function chunksToRead(array: OpenedArray, box: BoundingBox): number {
  const inside = intersectBoxes(box, array.placement.box)
  return inside === null ? 0 : countChunks(gridOf(array), inside)
}
