import type { BigIntStats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { clampRange, readUpTo } from '@chunkflow/sdk/storage'

/** Memory of its own, not zeroed: it is filled at once. */
const uninitialised = (bytes: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer)

/** Every write makes a new file: its number, age and size tell it from others under the same name. */
export const versionOf = ({ ino, mtimeNs, size }: BigIntStats): string => `${ino}-${mtimeNs}-${size}`

/** The file's bytes from a position on, as many as fit and are there. */
const fill = async (handle: FileHandle, bytes: Uint8Array, position: number): Promise<Uint8Array> =>
  bytes.subarray(0, await readUpTo(handle, bytes, position))

/** A whole file, also beyond the 2 GiB of `readFile`, and also a pipe, which does not know its size. */
export const readWhole = async (file: string): Promise<Uint8Array> => (await readVersion(file)).bytes

/** A whole file, and which one it was. */
export async function readVersion(file: string): Promise<{ bytes: Uint8Array; version: string }> {
  const handle = await open(file, 'r')
  try {
    const status = await handle.stat({ bigint: true })
    const size = Number(status.size)
    const bytes =
      size === 0 ? new Uint8Array(await handle.readFile()) : await fill(handle, uninitialised(size), 0)
    return { bytes, version: versionOf(status) }
  } finally {
    await handle.close()
  }
}

/** Bytes `[start, start + length)` as far as they exist; a negative start counts from the end. */
export async function readRange(file: string, start: number, length: number): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const status = await handle.stat()
    if (status.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' })
    const { first, count } = clampRange(status.size, start, length)
    return await fill(handle, uninitialised(count), first)
  } finally {
    await handle.close()
  }
}
