import type { FileHandle } from 'node:fs/promises'

/** One read call returns at most this much. */
const LARGEST_READ_BYTES = 2 ** 30

/** Fills memory with what stands in a file from a position on. @returns how many bytes there were */
export async function readUpTo(handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, LARGEST_READ_BYTES)
    const { bytesRead } = await handle.read(bytes, done, length, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}
