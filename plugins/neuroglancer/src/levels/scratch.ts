import { bytesPerElement, DTYPES, type Dtype, type TypedArray } from '@chunkflow/sdk'

/**
 * Shared memory used again and again: large regions that live for one call would otherwise pile up, because shared
 * buffers do not press the garbage collector.
 */
export interface Scratch {
  /** Gives `work` memory of unknown content, which is taken back when it ends. */
  use<T>(dtype: Dtype, length: number, work: (voxels: TypedArray) => Promise<T>): Promise<T>
}

export function createScratch(): Scratch {
  const free: SharedArrayBuffer[] = []
  return {
    async use(dtype, length, work) {
      const bytes = length * bytesPerElement(dtype)
      const index = free.findIndex((buffer) => buffer.byteLength >= bytes)
      const buffer = index < 0 ? new SharedArrayBuffer(bytes) : free.splice(index, 1)[0]!
      try {
        return await work(new DTYPES[dtype].array(buffer, 0, length))
      } finally {
        free.push(buffer)
      }
    },
  }
}
