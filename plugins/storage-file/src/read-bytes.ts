import { type FileHandle, open } from 'node:fs/promises'

/** One read call returns at most this much. */
const LARGEST_READ_BYTES = 2 ** 30

/** Memory of its own, not zeroed: it is filled at once. */
const uninitialised = (bytes: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer)

async function fill(handle: FileHandle, bytes: Uint8Array, position: number): Promise<Uint8Array> {
  let done = 0
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, LARGEST_READ_BYTES)
    const { bytesRead } = await handle.read(bytes, done, length, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

/** A whole file, also beyond the 2 GiB of `readFile`, and also a pipe, which does not know its size. */
export async function readWhole(file: string): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    return size === 0 ? new Uint8Array(await handle.readFile()) : await fill(handle, uninitialised(size), 0)
  } finally {
    await handle.close()
  }
}

/** Bytes `[start, start + length)` as far as they exist; a negative start counts from the end. */
export async function readRange(file: string, start: number, length: number): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const { first, count } = clampRange(size, start, length)
    return await fill(handle, uninitialised(count), first)
  } finally {
    await handle.close()
  }
}

/** The part of a range that exists in `size` bytes. */
export function clampRange(size: number, start: number, length: number): { first: number; count: number } {
  const first = Math.max(0, start < 0 ? size + start : start)
  return { first, count: Math.max(0, Math.min(length, size - first)) }
}
