import {
  type BoundingBox,
  boxContains,
  boxSize,
  type Chunk,
  chunkflowError,
  copyRegion,
  DTYPES,
  intersectBoxes,
  subtractZyx,
  type TypedArray,
  type WriteOptions,
  zyx,
} from '@chunkflow/sdk'
import { isConflict } from './change-json.js'
import type { CodecWorkers } from './codec-workers.js'
import { isFilled, pipelineOf } from './format/layout.js'
import { chunksIn, type GridChunk, gridOf, shapeOf, stridesIn } from './grid.js'
import type { OpenedArray } from './open-array.js'
import { bufferPool, chunksInFlight, forEachParallel } from './parallel.js'
import { chunkSource, decodeFailure, type StoredChunk } from './stored-chunks.js'

/** How often a chunk that others keep changing is read, changed and written again. */
const CHANGE_ATTEMPTS = 20

export interface WriteBoxOptions {
  /** Global voxels inside the array and inside the chunk. */
  readonly box: BoundingBox
  readonly signal?: AbortSignal | undefined
  readonly onChunk?: (() => void) | undefined
}

/** What became of the stored chunks that a write met. */
export interface WriteCounts {
  readonly written: number
  /** Nothing but the fill value: deleted, or not made. */
  readonly deleted: number
}

/**
 * Writes a region of a chunk into an array of its element type and channels. Stored chunks that the region covers whole are
 * replaced, or deleted when all their voxels are the fill value; others are read, changed and written again if nobody
 * changed them meanwhile, so that neighbours lose nothing of each other. Every stored chunk is one whole write.
 * @throws zarr-contended, zarr-chunk-corrupt
 */
export async function writeBox(
  array: OpenedArray,
  workers: CodecWorkers,
  chunk: Chunk,
  { box, signal, onChunk }: WriteBoxOptions,
): Promise<WriteCounts> {
  const { storage, prefix, layout } = array
  const counts = { written: 0, deleted: 0 }
  const grid = gridOf(array)
  const source = chunkSource(array, workers)
  const { array: Elements, bytes } = DTYPES[layout.dtype]
  const elements = layout.chunkShape.reduce((product, size) => product * size, 1)
  const pool = bufferPool(elements * bytes)
  const pipeline = pipelineOf(layout)
  const strides = stridesIn(grid.roles, layout.chunkShape)
  const [chunkChannels, ...spatial] = grid.chunk
  const inMemory = [chunkChannels, ...spatial] as const
  const voxels = chunk.data.length / grid.channels
  const size = spatialSizeOf(chunk)

  /** The chunk's voxels over those of a stored chunk. */
  function overlay(part: GridChunk, common: BoundingBox, data: TypedArray): void {
    const first = part.firstChannel * voxels
    copyRegion(
      {
        data: chunk.data.subarray(first, first + part.channels * voxels) as TypedArray,
        shape: shapeOf(part.channels, size),
      },
      subtractZyx(common.start, chunk.voxelOffset),
      { data, shape: inMemory },
      subtractZyx(common.start, part.full.start),
      boxSize(common),
    )
  }
  const fill = (data: TypedArray): void => void (data as Uint8Array).fill(layout.fill[0] as number)

  async function decode({ index }: GridChunk, stored: StoredChunk, data: TypedArray): Promise<void> {
    await workers
      .decode({
        pipeline,
        bytes: stored.bytes,
        start: layout.chunkShape.map(() => 0),
        count: layout.chunkShape,
        target: data.buffer,
        offset: 0,
        strides,
      })
      .catch((error: unknown) => {
        throw decodeFailure(error, source.where(index))
      })
  }
  const send = async (part: GridChunk, data: TypedArray, condition: WriteOptions): Promise<void> => {
    const encoded = await workers.encode({ pipeline, source: data.buffer, strides })
    await storage.write(`${prefix}${layout.keyOf(part.index)}`, encoded, {
      contentType: 'application/octet-stream',
      ...condition,
      ...(signal === undefined ? {} : { signal }),
    })
    counts.written += 1
  }

  async function replace(part: GridChunk, common: BoundingBox, data: TypedArray): Promise<void> {
    fill(data)
    overlay(part, common, data)
    if (isFilled(data, layout)) {
      await storage.delete(`${prefix}${layout.keyOf(part.index)}`)
      counts.deleted += 1
    } else await send(part, data, {})
  }

  /** @returns false when another writer changed the chunk meanwhile */
  async function change(part: GridChunk, common: BoundingBox, data: TypedArray): Promise<boolean> {
    const stored = await source.read(part.index, signal)
    if (stored === null) fill(data)
    else await decode(part, stored, data)
    overlay(part, common, data)
    // a chunk of nothing is not made; one that is there is not deleted, as a delete has no condition
    if (stored === null && isFilled(data, layout)) {
      counts.deleted += 1
      return true
    }
    const condition: WriteOptions =
      stored === null ? { ifAbsent: true } : stored.version === undefined ? {} : { ifVersion: stored.version }
    try {
      await send(part, data, condition)
      return true
    } catch (error) {
      if (!isConflict(error)) throw error
      return false
    }
  }

  async function changeUntilDone(part: GridChunk, common: BoundingBox, data: TypedArray): Promise<void> {
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) if (await change(part, common, data)) return
    throw chunkflowError(
      'zarr-contended',
      `${source.where(part.index)} was changed by other writers ${CHANGE_ATTEMPTS} times`,
      {
        fix: 'use tasks that are multiples of the array’s chunks, so that no two of them change the same one',
        retryable: true,
      },
    )
  }

  await forEachParallel(chunksIn(grid, box), chunksInFlight(elements * bytes), signal, async (part) => {
    const common = intersectBoxes(part.box, box)!
    const buffer = pool.take()
    const data = new Elements(buffer, 0, elements)
    await (boxContains(box, part.box) ? replace : changeUntilDone)(part, common, data)
    pool.give(buffer)
    onChunk?.()
  })
  return counts
}

const spatialSizeOf = ({ shape }: Chunk) => zyx(shape.at(-3)!, shape.at(-2)!, shape.at(-1)!)
