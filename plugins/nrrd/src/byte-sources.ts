import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { bytesPerElement, type ChunkflowError, chunkflowError } from '@chunkflow/sdk'
import { type FillBytes, readUpTo } from '@chunkflow/sdk/storage'
import type { DataFile } from './data-files.js'
import type { NrrdHeader } from './header.js'
import { decodeHex, decodeText } from './text-elements.js'

/** The bytes of the elements of one file, from position 0 on. Positions only grow. */
export interface ByteSource {
  readonly fill: FillBytes
  close(): Promise<void>
}

/** So much smaller can compressed data be at most; a header that asks for more is wrong. */
const LARGEST_RATIO: Readonly<Record<NrrdHeader['encoding'], number>> = {
  raw: 1,
  gzip: 1040,
  text: 8,
  hex: 0.5,
}

/** Opens a file of so many elements. @throws nrrd-missing, nrrd-unreadable when it is too short for them */
export async function openSource(
  { file, start }: DataFile,
  header: NrrdHeader,
  elements: number,
): Promise<ByteSource> {
  const handle = await openFile(file)
  try {
    const { size } = await handle.stat()
    const bytes = elements * bytesPerElement(header.dtype)
    const ratio = LARGEST_RATIO[header.encoding]
    const first =
      header.byteSkip === -1 ? size - bytes : await skipLines(handle, start, header.lineSkip, file)
    const left = size - first
    if (first < start || left * ratio < bytes) throw tooShort(file, left)
    if (header.encoding === 'raw') {
      const dataStart = first + Math.max(0, header.byteSkip)
      if (size - dataStart < bytes) throw tooShort(file, size - dataStart)
      return {
        fill: async (target, position) => {
          const done = await readUpTo(handle, target, dataStart + position)
          if (done < target.length) throw tooShort(file, position + done)
        },
        close: () => handle.close(),
      }
    }
    await handle.close()
    const skip = header.encoding === 'gzip' ? 0 : header.byteSkip
    const stored = createReadStream(file, { start: first + skip })
    const pieces = decoded(stored, file, header)
    const { fill } = sequential(pieces, header.encoding === 'gzip' ? header.byteSkip : 0, bytes, file)
    // ending the pieces closes no file of which none was taken
    return { fill, close: async () => void stored.destroy() }
  } catch (error) {
    await handle.close()
    throw error
  }
}

const tooShort = (file: string, bytes: number): ChunkflowError =>
  chunkflowError(
    'nrrd-unreadable',
    `${file} ends too early: it has data of ${Math.max(0, bytes)} bytes, its header asks for more`,
    {
      fix: 'copy or write it again',
    },
  )

export async function openFile(file: string): Promise<FileHandle> {
  return open(file, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw chunkflowError('nrrd-missing', `There is no file ${file}`, { fix: 'check the path' })
    throw chunkflowError('nrrd-unreadable', `${file} cannot be opened: ${cause.message}`, {
      fix: 'check the path and its permissions',
      cause,
    })
  })
}

/** Where the line after so many lines begins. */
async function skipLines(handle: FileHandle, start: number, lines: number, file: string): Promise<number> {
  const piece = Buffer.alloc(64 * 1024)
  let position = start
  let left = lines
  while (left > 0) {
    const got = await readUpTo(handle, piece, position)
    if (got === 0) throw tooShort(file, 0)
    let at = 0
    for (; left > 0; left--) {
      const end = piece.subarray(0, got).indexOf('\n', at)
      if (end < 0) {
        at = got
        break
      }
      at = end + 1
    }
    position += at
  }
  return position
}

/** The bytes of elements in an encoding that can only be read from its beginning. */
function decoded(stored: Readable, file: string, { encoding, dtype }: NrrdHeader): AsyncIterable<Uint8Array> {
  if (encoding === 'text') return decodeText(stored, dtype, file)
  if (encoding === 'hex') return decodeHex(stored, file)
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  // errors of the file arrive at the reader of the decompressed side
  pipeline(stored, gunzip, () => {})
  return gunzip
}

/** Fills memory from pieces that come one after another. What lies between the wanted bytes is dropped. */
function sequential(
  pieces: AsyncIterable<Uint8Array>,
  skip: number,
  bytes: number,
  file: string,
): Pick<ByteSource, 'fill'> {
  const iterator = pieces[Symbol.asyncIterator]()
  let piece: Uint8Array = new Uint8Array(0)
  /** Position of the first byte of the piece, counted before the skipped ones. */
  let at = 0
  const next = async (): Promise<boolean> => {
    const found = await iterator.next().catch((cause: unknown) => {
      if ((cause as { code?: string }).code === 'nrrd-unreadable') throw cause
      throw chunkflowError('nrrd-unreadable', `${file} is damaged: ${(cause as Error).message}`, {
        fix: 'copy or write it again',
        cause,
      })
    })
    if (found.done) return false
    at += piece.length
    piece = found.value
    return true
  }
  return {
    async fill(target, position) {
      const first = position + skip
      for (let done = 0; done < target.length; ) {
        const from = first + done - at
        if (from >= piece.length) {
          if (!(await next())) throw tooShort(file, Math.max(0, at + piece.length - skip))
          continue
        }
        const part = piece.subarray(from, from + target.length - done)
        target.set(part, done)
        done += part.length
      }
      // the checksum stands behind the last byte
      const end = position + target.length
      if (end === bytes && at + piece.length === end + skip) await next()
    },
  }
}

/** The files of an array as one: the first one is the slowest axis's first part. */
export function joinSources(
  files: readonly DataFile[],
  header: NrrdHeader,
  elements: number,
): ByteSource & { open(): Promise<void> } {
  const perFile = elements / files.length
  const bytes = perFile * bytesPerElement(header.dtype)
  let current: { readonly index: number; readonly source: ByteSource } | undefined
  const sourceOf = async (index: number): Promise<ByteSource> => {
    if (current?.index === index) return current.source
    await current?.source.close()
    current = undefined
    const source = await openSource(files[index]!, header, perFile)
    current = { index, source }
    return source
  }
  return {
    /** Finds out whether the first file is long enough. */
    open: async () => void (await sourceOf(0)),
    async fill(target, position) {
      for (let done = 0; done < target.length; ) {
        const index = Math.floor((position + done) / bytes)
        const within = position + done - index * bytes
        const length = Math.min(target.length - done, bytes - within)
        await (await sourceOf(index)).fill(target.subarray(done, done + length), within)
        done += length
      }
    },
    close: async () => {
      await current?.source.close()
    },
  }
}
