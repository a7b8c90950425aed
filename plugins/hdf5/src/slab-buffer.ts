import { allocate, type Dtype } from '@chunkflow/sdk'

/** Memory that the worker sees, used for one slab after the other; a chunk's own may be too large to post to a worker. */
export interface SlabBuffer {
  /** The first elements of the buffer, which grows when needed. Valid until the next call. */
  holding(elements: number): Uint8Array
}

export function slabBuffer(dtype: Dtype): SlabBuffer {
  let buffer = allocate(dtype, 0) as Uint8Array
  return {
    holding: (elements) => {
      if (buffer.length < elements) buffer = allocate(dtype, elements) as Uint8Array
      return buffer.subarray(0, elements)
    },
  }
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
