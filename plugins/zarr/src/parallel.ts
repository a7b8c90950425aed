/** Memory that chunks in flight may take together. */
const BYTES_IN_FLIGHT = 128 * 2 ** 20
/** What a chunk in flight takes, in units of its voxels: stored bytes, decoded voxels, voxels in order, and room. */
const COPIES = 4
/** Chunks in flight at most: what keeps a remote store busy. */
const MOST_IN_FLIGHT = 32

/** How many chunks may be in flight: as many as are of use, if memory allows. */
export const chunksInFlight = (bytesPerChunk: number): number =>
  Math.max(1, Math.min(MOST_IN_FLIGHT, Math.floor(BYTES_IN_FLIGHT / (COPIES * bytesPerChunk))))

/** What chunks in flight take together, at most. */
export const bytesInFlight = (bytesPerChunk: number): number =>
  chunksInFlight(bytesPerChunk) * COPIES * bytesPerChunk

/** Buffers of one size, used again: fresh memory costs more than the work on it. */
export function bufferPool(bytes: number): {
  take(): SharedArrayBuffer
  give(buffer: SharedArrayBuffer): void
} {
  const free: SharedArrayBuffer[] = []
  // whole words: rows are copied word by word
  const size = Math.ceil(bytes / 8) * 8
  return {
    take: () => free.pop() ?? new SharedArrayBuffer(size),
    give: (buffer) => void free.push(buffer),
  }
}
