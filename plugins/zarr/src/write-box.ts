import {
  type BoundingBox,
  boxContains,
  boxSize,
  type Chunk,
  chunkflowError,
  copyRegion,
  DTYPES,
  forEachParallel,
  intersectBoxes,
  spatialSize,
  subtractZyx,
  type TypedArray,
  type WriteOptions,
} from '@chunkflow/sdk'
import { isConflict } from './change-json.js'
import { type ChunkFile, filesIn } from './chunk-files.js'
import type { CodecWorkers } from './codec-workers.js'
import { isFilled, pipelineOf } from './format/layout.js'
import { type GridChunk, gridOf, shapeOf, stridesIn } from './grid.js'
import type { OpenedArray } from './open-array.js'
import { bufferPool, chunksInFlight } from './parallel.js'
import { decodeFailure } from './stored-chunks.js'

/** How often a file that others keep changing is read, changed and written again. */
const CHANGE_ATTEMPTS = 20
/** Shards in flight: one is sent while the next one is made. */
export const SHARDS_IN_FLIGHT = 2

export interface WriteBoxOptions {
  /** Global voxels inside the array and inside the chunk. */
  readonly box: BoundingBox
  readonly signal?: AbortSignal | undefined
  readonly onChunk?: (() => void) | undefined
}

/** What became of the stored chunks that a write met. */
export interface WriteCounts {
  written: number
  /** Nothing but the fill value: deleted, or not made. */
  deleted: number
}

/**
 * Writes a region of a chunk into an array of its element type and channels. Files (stored chunks, or shards of them) that
 * the region covers whole are replaced, or deleted when all their voxels are the fill value; others are read, changed and
 * written again if nobody changed them meanwhile, so that neighbours lose nothing of each other. Every file is one whole write.
 * @throws zarr-contended, zarr-chunk-corrupt
 */
export async function writeBox(
  array: OpenedArray,
  workers: CodecWorkers,
  chunk: Chunk,
  { box, signal, onChunk }: WriteBoxOptions,
): Promise<WriteCounts> {
  const { storage, layout, chunks } = array
  const counts: WriteCounts = { written: 0, deleted: 0 }
  const grid = gridOf(array)
  const { array: Elements, bytes } = DTYPES[layout.dtype]
  const elements = layout.chunkShape.reduce((product, size) => product * size, 1)
  const lanes = chunksInFlight(elements * bytes)
  const pool = bufferPool(elements * bytes)
  const pipeline = pipelineOf(layout)
  const strides = stridesIn(grid.roles, layout.chunkShape)
  const voxels = chunk.data.length / grid.channels

  /** The chunk's voxels over those of a stored chunk. */
  function overlay(part: GridChunk, common: BoundingBox, data: TypedArray): void {
    const first = part.firstChannel * voxels
    copyRegion(
      {
        data: chunk.data.subarray(first, first + part.channels * voxels) as TypedArray,
        shape: shapeOf(part.channels, spatialSize(chunk)),
      },
      subtractZyx(common.start, chunk.voxelOffset),
      { data, shape: grid.chunk },
      subtractZyx(common.start, part.full.start),
      boxSize(common),
    )
  }

  async function decode({ index }: GridChunk, stored: Uint8Array, data: TypedArray): Promise<void> {
    const start = layout.chunkShape.map(() => 0)
    const request = { pipeline, bytes: stored, start, count: layout.chunkShape, offset: 0, strides }
    await workers.decode({ ...request, target: data.buffer }).catch((error: unknown) => {
      throw decodeFailure(error, chunks.where(index))
    })
  }

  /** The new bytes of a stored chunk that meets the region; null when it is nothing but the fill value. */
  async function encode(part: GridChunk, stored: Uint8Array | null): Promise<Uint8Array | null> {
    const buffer = pool.take()
    try {
      const data = new Elements(buffer, 0, elements) as TypedArray
      if (stored !== null && !boxContains(box, part.box)) await decode(part, stored, data)
      else (data as Uint8Array).fill(layout.fill[0] as number)
      overlay(part, intersectBoxes(part.box, box)!, data)
      return isFilled(data, layout) ? null : await workers.encode({ pipeline, source: buffer, strides })
    } finally {
      pool.give(buffer)
    }
  }

  /** All chunks of a file: those that meet the region anew, others as they are. */
  async function make(file: ChunkFile, before: readonly (Uint8Array | null)[]): Promise<Uint8Array | null> {
    const made = [...before]
    await forEachParallel(file.parts, lanes, signal, async ({ part, entry }) => {
      made[entry] = await encode(part, before[entry] ?? null)
    })
    return file.join(made)
  }
  const finish = (file: ChunkFile, isStored: boolean): void => {
    chunks.forget(file.key)
    counts[isStored ? 'written' : 'deleted'] += file.parts.length
    for (const _ of file.parts) onChunk?.()
  }
  const write = (file: ChunkFile, content: Uint8Array, condition: WriteOptions): Promise<void> =>
    storage.write(file.key, content, {
      contentType: 'application/octet-stream',
      ...condition,
      ...(signal === undefined ? {} : { signal }),
    })

  async function replace(file: ChunkFile): Promise<void> {
    const content = await make(file, file.nothing)
    if (content === null) await storage.delete(file.key)
    else await write(file, content, {})
    finish(file, content !== null)
  }

  /** @returns false when another writer changed the file meanwhile */
  async function change(file: ChunkFile): Promise<boolean> {
    const object = await storage.read(file.key, signal === undefined ? {} : { signal })
    const content = await make(file, object === null ? file.nothing : await file.split(object))
    // a file of nothing is not made; one that is there is not deleted, as a delete has no condition
    if (content !== null || object !== null) {
      const version = object?.version
      const condition: WriteOptions =
        object === null ? { ifAbsent: true } : version === undefined ? {} : { ifVersion: version }
      try {
        await write(file, content ?? (await file.blank(workers)), condition)
      } catch (error) {
        if (!isConflict(error)) throw error
        return false
      }
    }
    finish(file, content !== null)
    return true
  }

  async function changeUntilDone(file: ChunkFile): Promise<void> {
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) if (await change(file)) return
    throw chunkflowError(
      'zarr-contended',
      `${storage.root}/${file.key} was changed by other writers ${CHANGE_ATTEMPTS} times`,
      {
        fix: 'use tasks of whole chunks, or whole shards, of the array, so that no two of them change the same one',
        retryable: true,
      },
    )
  }

  const inFlight = layout.shards === null ? lanes : SHARDS_IN_FLIGHT
  await forEachParallel(filesIn(array, box), inFlight, signal, (file) =>
    boxContains(box, file.box) ? replace(file) : changeUntilDone(file),
  )
  return counts
}
