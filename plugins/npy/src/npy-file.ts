import { type FileHandle, open } from 'node:fs/promises'
import { bytesPerElement, type ChunkflowError, chunkflowError } from '@chunkflow/sdk'
import { readUpTo } from '@chunkflow/sdk/storage'
import { locateHeader, type NpyHeader, PREFIX_BYTES, parseHeader } from './npy-header.js'

/** An open NPY file whose header was read. */
export interface NpyFile {
  readonly header: NpyHeader
  /** Fills bytes from a place in the file. @throws npy-unreadable when it ends before */
  fill(bytes: Uint8Array, position: number): Promise<void>
}

/** Opens a file for the time of an action. @throws npy-missing, npy-unreadable */
export async function withNpyFile<T>(path: string, action: (file: NpyFile) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw missing(path)
    throw chunkflowError('npy-unreadable', `${path} cannot be opened: ${cause.message}`, {
      fix: 'check the path and its permissions',
      cause,
    })
  })
  try {
    const header = await readHeader(handle, path)
    const elements = header.shape.reduce((left, right) => left * right, 1)
    const needed = header.dataStart + elements * bytesPerElement(header.dtype)
    const { size } = await handle.stat()
    if (size < needed) throw tooShort(path, size, needed)
    return await action({
      header,
      fill: async (bytes, position) => {
        const done = await readUpTo(handle, bytes, position)
        if (done < bytes.length) throw tooShort(path, position + done, needed)
      },
    })
  } finally {
    await handle.close()
  }
}

const missing = (path: string): ChunkflowError =>
  chunkflowError('npy-missing', `There is no file ${path}`, { fix: 'check the path' })

const tooShort = (path: string, bytes: number, needed: number): ChunkflowError =>
  chunkflowError('npy-unreadable', `${path} ends too early: it has ${bytes} of ${needed} bytes`, {
    fix: 'copy or write it again',
  })

async function readHeader(handle: FileHandle, path: string): Promise<NpyHeader> {
  const prefix = Buffer.alloc(PREFIX_BYTES)
  const got = await readUpTo(handle, prefix, 0)
  const { start, length } = locateHeader(prefix.subarray(0, got), path)
  const text = Buffer.alloc(length)
  if ((await readUpTo(handle, text, start)) < length)
    throw chunkflowError('npy-unreadable', `${path} ends within its header`, {
      fix: 'copy or write it again',
    })
  return parseHeader(text.toString('utf8'), start + length, path)
}
