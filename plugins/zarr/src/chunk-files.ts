import { type BoundingBox, DTYPES, intersectBoxes, type StoredObject } from '@chunkflow/sdk'
import type { CodecWorkers } from './codec-workers.js'
import { pipelineOf } from './format/layout.js'
import { entriesOf, entryOf, joinShard, splitShard } from './format/shard-file.js'
import { chunksIn, fileGridOf, type GridChunk, gridOf, stridesIn } from './grid.js'
import type { OpenedArray } from './open-array.js'
import { plainBytes } from './plain-bytes.js'
import { decodeFailure } from './stored-chunks.js'

/** An object of the store: one chunk, or a shard of several. */
export interface ChunkFile {
  readonly key: string
  /** What of the array lies in it. */
  readonly box: BoundingBox
  /** The chunks that meet a region, with their places in {@link split}. */
  readonly parts: readonly { readonly part: GridChunk; readonly entry: number }[]
  /** As {@link split} gives a file without chunks. */
  readonly nothing: readonly null[]
  /** The bytes of its chunks, null where there are none. @throws zarr-chunk-corrupt */
  split(object: StoredObject): Promise<readonly (Uint8Array | null)[]>
  /** Null when there is nothing to store. */
  join(chunks: readonly (Uint8Array | null)[]): Uint8Array | null
  /** What stands for nothing where a file cannot be left out. */
  blank(workers: CodecWorkers): Promise<Uint8Array>
}

/** The files that meet a region inside an array. */
export function* filesIn(array: OpenedArray, region: BoundingBox): Generator<ChunkFile> {
  const { layout, chunks } = array
  const { shards } = layout
  const split = async (object: StoredObject): Promise<readonly Uint8Array[]> => [await plainBytes(object)]
  const blank = (workers: CodecWorkers): Promise<Uint8Array> => encodeFill(array, workers)
  if (shards === null) {
    for (const part of chunksIn(gridOf(array), region))
      yield {
        key: chunks.keyOf(part.index),
        box: part.box,
        parts: [{ part, entry: 0 }],
        nothing: [null],
        split,
        join: ([bytes]) => bytes ?? null,
        blank,
      }
    return
  }
  const nothing = new Array<null>(entriesOf(shards)).fill(null)
  for (const shard of chunksIn(fileGridOf(array), region)) {
    const inside = intersectBoxes(shard.box, region)!
    const parts = [...chunksIn(gridOf(array), inside)]
      .filter(({ index }) =>
        index.every((at, axis) => Math.floor(at / shards.chunksPerShard[axis]!) === shard.index[axis]),
      )
      .map((part) => ({ part, entry: entryOf(shards, part.index) }))
    const key = chunks.keyOf(parts[0]!.part.index)
    yield {
      key,
      box: shard.box,
      parts,
      nothing,
      split: async (object) => {
        try {
          return splitShard(await plainBytes(object), shards)
        } catch (error) {
          throw decodeFailure(error, `${array.storage.root}/${key}`)
        }
      },
      join: (bytes) => joinShard(bytes, shards),
      // one chunk that is stored makes a shard
      blank: async (workers) => joinShard([await blank(workers), ...nothing.slice(1)], shards)!,
    }
  }
}

/** A chunk of the fill value. */
function encodeFill({ layout, placement }: OpenedArray, workers: CodecWorkers): Promise<Uint8Array> {
  const elements = layout.chunkShape.reduce((product, size) => product * size, 1)
  const { array: Elements, bytes } = DTYPES[layout.dtype]
  const source = new SharedArrayBuffer(Math.ceil((elements * bytes) / 8) * 8)
  ;new (Elements as typeof Uint8Array)(source, 0, elements).fill(layout.fill[0] as number)
  const strides = stridesIn(placement.roles, layout.chunkShape)
  return workers.encode({ pipeline: pipelineOf(layout), source, strides })
}
