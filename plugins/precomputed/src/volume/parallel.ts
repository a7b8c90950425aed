/** Memory that blocks in flight may take together. */
const BYTES_IN_FLIGHT = 128 * 2 ** 20
/** What a block in flight takes, in units of its voxels: stored bytes, decompressed bytes, voxels. */
const COPIES = 3

/** How many blocks may be in flight: as many as wanted, if memory allows. */
export const blocksInFlight = (wanted: number, bytesPerBlock: number): number =>
  Math.max(1, Math.min(wanted, Math.floor(BYTES_IN_FLIGHT / (COPIES * bytesPerBlock))))

/** Buffers of one size, used again: fresh memory costs more than the work on it. */
export interface BufferPool {
  take(): SharedArrayBuffer
  /** Takes a buffer back; others than its own are left alone. */
  give(buffer: ArrayBufferLike): void
}

export function bufferPool(bytes: number): BufferPool {
  const free: SharedArrayBuffer[] = []
  const own = new WeakSet<ArrayBufferLike>()
  // whole words, so that a check for zeros can read them
  const size = Math.ceil(bytes / 8) * 8
  const make = (): SharedArrayBuffer => {
    const buffer = new SharedArrayBuffer(size)
    own.add(buffer)
    return buffer
  }
  return {
    take: () => free.pop() ?? make(),
    give(buffer) {
      if (own.has(buffer)) free.push(buffer as SharedArrayBuffer)
    },
  }
}
