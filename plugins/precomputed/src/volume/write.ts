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
  isChunkflowError,
  productZyx,
  subtractZyx,
  type TypedArray,
  zyx,
} from '@chunkflow/sdk'
import type { PackedBlock, StoredFile } from './block-store.js'
import { type Block, blocksIn, countBlocks } from './blocks.js'
import { decodeBlock } from './decode-block.js'
import { blocksInFlight, bufferPool } from './parallel.js'
import { blockShape, bytesPerBlock, type Layout, type ScaleAccess } from './scale-access.js'

/** Blocks in flight unless asked otherwise: compression fills the thread pool while others are being sent. */
export const BLOCKS_IN_FLIGHT = 16
/** How often a file that others keep changing is read, changed and written again. */
const CHANGE_ATTEMPTS = 10
/** Shards in flight: one is sent while the next one is made. */
const SHARDS_IN_FLIGHT = 2

export interface WriteBoxOptions {
  /** Region inside the volume and inside the chunk; blocks that it covers in part are read and changed. */
  readonly box: BoundingBox
  readonly parallel?: number | undefined
  /** Turns the voxels of a block into the volume's element type. */
  readonly convert?: ((voxels: TypedArray) => TypedArray) | undefined
  readonly signal?: AbortSignal | undefined
  readonly onBlock?: ((done: number, total: number) => void) | undefined
}

interface MadeBlock extends PackedBlock {
  /** Memory that the bytes lie on, to be given back when they are stored. */
  readonly buffer?: SharedArrayBuffer
}

/** How many blocks meet a region, in all layouts. */
export const countBlocksToWrite = ({ layouts }: ScaleAccess, box: BoundingBox): number =>
  layouts.reduce((sum, layout) => sum + countBlocks(layout, box), 0)

/**
 * Writes a region of a chunk, several blocks at a time. Blocks without a non-zero voxel are deleted instead. Each file is
 * one whole write of the storage, so an interrupted run leaves old blocks or new ones, never a part of one.
 */
export async function writeBox(
  access: ScaleAccess,
  chunk: Chunk,
  options: WriteBoxOptions,
): Promise<{ written: number; deleted: number }> {
  const total = countBlocksToWrite(access, options.box)
  const counts = { written: 0, deleted: 0 }
  for (const layout of access.layouts) {
    const store = fileWriter(access, layout, chunk, options, ({ bytes }) => {
      counts[bytes === null ? 'deleted' : 'written'] += 1
      options.onBlock?.(counts.written + counts.deleted, total)
    })
    const lanes = access.scale.sharding === null ? store.lanes : SHARDS_IN_FLIGHT
    await forEachParallel(filesIn(access, layout, options.box), lanes, options.signal, store.write)
  }
  return counts
}

/** The blocks of a region by the file that holds them, every block of a file included. */
function* filesIn({ scale }: ScaleAccess, layout: Layout, region: BoundingBox): Generator<readonly Block[]> {
  const { blocks } = layout
  if (scale.sharding === null) {
    yield* blocks.group(blocksIn(layout, region))
    return
  }
  const shards = { box: scale.box, blockSize: scale.writeSize }
  for (const { box } of blocksIn(shards, region))
    for (const group of blocks.group(blocksIn(layout, box)))
      if (group.some((block) => intersectBoxes(block.box, region) !== null)) yield group
}

/** Makes the files of one layout. */
function fileWriter(
  access: ScaleAccess,
  layout: Layout,
  chunk: Chunk,
  { box, convert, parallel, signal }: WriteBoxOptions,
  done: (block: PackedBlock) => void,
) {
  const { info, scale, encoding, cache } = access
  const { blocks } = layout
  const { array, bytes } = DTYPES[chunk.dtype]
  const bytesOfBlock = Math.max(
    bytesPerBlock(info, layout),
    info.channels * productZyx(layout.blockSize) * bytes,
  )
  const lanes = blocksInFlight(parallel ?? BLOCKS_IN_FLIGHT, bytesOfBlock)
  const pool = bufferPool(bytesOfBlock)

  /** The chunk's voxels in a part of a block, in the volume's element type. */
  function partOf(part: BoundingBox): { data: TypedArray; buffer: SharedArrayBuffer } {
    const size = boxSize(part)
    const buffer = pool.take()
    const data = new array(buffer, 0, info.channels * productZyx(size))
    const target = { data, shape: [info.channels, ...size] }
    copyRegion(chunk, subtractZyx(part.start, chunk.voxelOffset), target, zyx(0, 0, 0), size)
    return { data: convert === undefined ? data : convert(data), buffer }
  }

  /** Stored voxels with the chunk's laid over them. */
  async function overlay(block: Block, part: BoundingBox, data: TypedArray, file: StoredFile) {
    const shape = blockShape(info, scale, block.box)
    const whole = await decodeBlock(
      access,
      block,
      await file.read(block, bytesOf(block)),
      blocks.where(block),
    )
    const target = { data: whole, shape: shape.shapeCzyx }
    const source = { data, shape: [info.channels, ...boxSize(part)] }
    copyRegion(source, zyx(0, 0, 0), target, subtractZyx(part.start, block.box.start), boxSize(part))
    return whole
  }
  const bytesOf = ({ box: { start, stop } }: Block): number =>
    info.channels * productZyx(subtractZyx(stop, start)) * DTYPES[info.dtype].bytes

  async function pack(block: Block, part: BoundingBox, file: StoredFile | undefined): Promise<MadeBlock> {
    const { data, buffer } = partOf(part)
    const voxels = file === undefined ? data : await overlay(block, part, data, file)
    const packed = isAllZero(voxels)
      ? null
      : await blocks.pack(await encoding.encode(voxels, blockShape(info, scale, block.box)))
    // raw blocks that are not compressed are the buffer: it is in use until they are stored
    if (packed?.buffer === buffer) return { block, bytes: packed, buffer }
    pool.give(buffer)
    return { block, bytes: packed }
  }

  /** The blocks of a file: those in the region are made, the others stay as they are stored. */
  async function makeFile(group: readonly Block[], file: StoredFile | undefined) {
    const made: MadeBlock[] = []
    const kept: PackedBlock[] = []
    const inside: { block: Block; part: BoundingBox }[] = []
    for (const block of group) {
      const part = intersectBoxes(block.box, box)
      if (part === null) kept.push({ block, bytes: file!.packed(block) })
      else inside.push({ block, part })
    }
    await forEachParallel(inside, lanes, signal, async ({ block, part }) => {
      const isPart = !boxContains(box, block.box)
      made.push(await pack(block, part, isPart ? file : undefined))
    })
    return { made, kept }
  }
  /** @returns false when another writer changed the file meanwhile */
  async function change(group: readonly Block[]): Promise<boolean> {
    const file = await blocks.load(group, signal)
    const { made, kept } = await makeFile(group, file)
    try {
      await file.replace([...made, ...kept])
    } catch (error) {
      if (!isChunkflowError(error) || error.code !== 'storage-conflict') throw error
      return false
    }
    finish(made)
    return true
  }
  const finish = (made: readonly MadeBlock[]): void => {
    for (const packed of made) {
      if (packed.buffer !== undefined) pool.give(packed.buffer)
      cache.forget(blocks.where(packed.block))
      done(packed)
    }
  }

  async function write(group: readonly Block[]): Promise<void> {
    if (group.every((block) => boxContains(box, block.box))) {
      const { made } = await makeFile(group, undefined)
      await blocks.put(made)
      finish(made)
      return
    }
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) if (await change(group)) return
    throw chunkflowError(
      'volume-contended',
      `${blocks.where(group[0]!)} was changed by other writers ${CHANGE_ATTEMPTS} times`,
      { fix: 'use tasks of whole blocks, so that no two of them change the same block', retryable: true },
    )
  }
  return { lanes, write }
}

/** True when every bit is 0. The view begins on a multiple of 4 bytes. */
export function isAllZero(view: ArrayBufferView): boolean {
  const words = new Uint32Array(view.buffer, view.byteOffset, view.byteLength >>> 2)
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false
  const tail = new Uint8Array(view.buffer, view.byteOffset + words.byteLength, view.byteLength & 3)
  return tail.every((byte) => byte === 0)
}
