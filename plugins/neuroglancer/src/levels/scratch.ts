import { bytesPerElement, DTYPES, type Dtype, type TypedArray } from '@chunkflow/sdk'

/**
 * Shared memory used again and again: regions that live for one call would otherwise pile up, because shared buffers do
 * not press the garbage collector.
 */
export interface Scratch {
  /** Gives `work` memory of unknown content, which is taken back when it ends. */
  use<T>(dtype: Dtype, length: number, work: (voxels: TypedArray) => Promise<T>): Promise<T>
  readonly bytes: number
}

/** There are never more buffers than were in use at once. */
export function createScratch(): Scratch {
  const free: SharedArrayBuffer[] = []
  let total = 0

  /** The smallest that is large enough; when there is none, a new one in place of the largest. */
  function take(bytes: number): SharedArrayBuffer {
    free.sort((left, right) => left.byteLength - right.byteLength)
    const index = free.findIndex(({ byteLength }) => byteLength >= bytes)
    if (index >= 0) return free.splice(index, 1)[0]!
    total += bytes - (free.pop()?.byteLength ?? 0)
    return new SharedArrayBuffer(bytes)
  }
  return {
    get bytes() {
      return total
    },
    async use(dtype, length, work) {
      const buffer = take(length * bytesPerElement(dtype))
      try {
        return await work(new DTYPES[dtype].array(buffer, 0, length))
      } finally {
        free.push(buffer)
      }
    },
  }
}
