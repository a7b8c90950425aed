import { type FileHandle, open } from 'node:fs/promises'
import { chunkflowError } from '@chunkflow/sdk'
import { readUpTo } from '@chunkflow/sdk/storage'

/** Page directories are small and often lie side by side: one read serves many. */
const WINDOW_BYTES = 4096

/** An open TIFF or BigTIFF file. */
export interface TiffFile {
  readonly path: string
  readonly bytes: number
  readonly littleEndian: boolean
  /** Offsets are 64 bits wide. */
  readonly big: boolean
  readonly firstDirectory: number
  /** Fresh memory. @throws tiff-unreadable when the file ends before */
  read(offset: number, length: number): Promise<Buffer>
  /** The same into given memory. */
  readInto(target: Uint8Array, offset: number): Promise<void>
  /** A short piece, not to be changed. */
  peek(offset: number, length: number): Promise<Buffer>
}

export const unreadable = (path: string, reason: string, cause?: unknown): Error =>
  chunkflowError('tiff-unreadable', `${path} cannot be read: ${reason}`, {
    fix: 'check the file with tiffinfo or an image viewer, and copy or export it again',
    ...(cause === undefined ? {} : { cause }),
  })

/** Opens a file for the length of an action. @throws tiff-missing, tiff-unreadable */
export async function withTiffFile<T>(path: string, action: (file: TiffFile) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
      throw chunkflowError('tiff-missing', `There is no file ${path}`, { fix: 'check the path' })
    throw unreadable(path, cause.message, cause)
  })
  try {
    return await action(await openTiff(handle, path))
  } finally {
    await handle.close()
  }
}

async function openTiff(handle: FileHandle, path: string): Promise<TiffFile> {
  const status = await handle.stat()
  if (!status.isFile()) throw unreadable(path, 'it is not a file')
  const bytes = status.size

  /** Before memory is reserved: a damaged length may ask for any amount. */
  function requireInside(offset: number, length: number): void {
    if (offset + length > bytes)
      throw unreadable(
        path,
        `it is truncated or damaged: ${length} bytes are expected at byte ${offset}, the file has ${bytes}`,
      )
  }
  async function readInto(target: Uint8Array, offset: number): Promise<void> {
    requireInside(offset, target.length)
    const done = await readUpTo(handle, target, offset).catch((cause: Error) => {
      throw unreadable(path, cause.message, cause)
    })
    if (done < target.length) throw unreadable(path, 'it became shorter while it was read')
  }
  async function read(offset: number, length: number): Promise<Buffer> {
    requireInside(offset, length)
    const target = Buffer.allocUnsafeSlow(length)
    await readInto(target, offset)
    return target
  }
  let window: { readonly offset: number; readonly content: Buffer } = { offset: 0, content: Buffer.alloc(0) }
  async function peek(offset: number, length: number): Promise<Buffer> {
    const covered = offset >= window.offset && offset + length <= window.offset + window.content.length
    if (!covered) {
      const wanted = Math.max(length, Math.min(WINDOW_BYTES, bytes - offset))
      window = { offset, content: await read(offset, wanted) }
    }
    return window.content.subarray(offset - window.offset, offset - window.offset + length)
  }

  if (bytes < 8) throw unreadable(path, bytes === 0 ? 'it is empty' : 'it is too short for a TIFF file')
  const header = await read(0, Math.min(16, bytes))
  const order = header.toString('latin1', 0, 2)
  const littleEndian = order === 'II'
  const magic = littleEndian ? header.readUInt16LE(2) : header.readUInt16BE(2)
  if ((order !== 'II' && order !== 'MM') || (magic !== 42 && magic !== 43))
    throw unreadable(path, 'it is not a TIFF file')
  const big = magic === 43
  if (big && header.length < 16) throw unreadable(path, 'it is truncated')
  const firstDirectory = big
    ? Number(littleEndian ? header.readBigUInt64LE(8) : header.readBigUInt64BE(8))
    : littleEndian
      ? header.readUInt32LE(4)
      : header.readUInt32BE(4)
  return { path, bytes, littleEndian, big, firstDirectory, read, readInto, peek }
}
