import {
  boxSize,
  chunkflowError,
  DTYPES,
  isChunkflowError,
  productZyx,
  type TypedArray,
} from '@chunkflow/sdk'
import type { Block } from './blocks.js'
import { blockShape, type ScaleAccess } from './scale-access.js'

/**
 * The voxels of a block, c z y x.
 * @param stored the encoded block; null gives zeros
 * @param takeBuffer memory to use, of at least the bytes asked for
 * @throws block-corrupt
 */
export async function decodeBlock(
  { info, scale, encoding }: ScaleAccess,
  block: Block,
  stored: Uint8Array | null,
  where: string,
  takeBuffer = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(Math.ceil(bytes / 8) * 8),
): Promise<TypedArray> {
  const { array, bytes } = DTYPES[info.dtype]
  const voxels = info.channels * productZyx(boxSize(block.box))
  const data = new array(takeBuffer(voxels * bytes), 0, voxels)
  if (stored === null) return data
  try {
    await encoding.decode(stored, blockShape(info, scale, block.box), data)
    return data
  } catch (cause) {
    if (isChunkflowError(cause)) throw cause
    throw chunkflowError('block-corrupt', `A block cannot be decoded: ${(cause as Error).message}`, {
      where,
      fix: 'write the block again, or check that the info file belongs to these blocks',
      cause,
    })
  }
}
