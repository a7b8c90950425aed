import { closeSync, openSync, readSync } from 'node:fs'
import { devNull } from 'node:os'
import { type ChunkflowError, chunkflowError } from '@chunkflow/sdk'
import type * as H5wasm from 'h5wasm/node'

/** The module of h5wasm. */
export type Library = typeof H5wasm

/** The one file this worker has open. */
export interface OpenFile {
  readonly library: Library
  readonly file: H5wasm.File
  readonly path: string
  /** What messages call it: a file is written under a temporary name. */
  readonly name: string
}

let library: Library | undefined
let current: OpenFile | undefined

/** Loads the library at the first call. */
export async function loadLibrary(): Promise<Library> {
  if (library === undefined) {
    library = await import('h5wasm/node')
    await library.ready
    // it writes HDF5's stack of errors to the process's stderr: our errors say what matters
    const { FS } = library as unknown as { FS: { getStream(descriptor: number): { nfd: number } } }
    FS.getStream(2).nfd = openSync(devNull, 'w')
  }
  return library
}

/** The formats HDF5 1.6 and later read, as h5py writes them; object headers then carry no checksums. */
const OLDEST_FORMAT = { libver: ['earliest', 'v108'] } as const

/** Opens a file, and closes the one before. `r` reads, `w` makes it anew, `a` changes it. @throws hdf5-unreadable, hdf5-unwritable */
export async function openFile(path: string, mode: 'r' | 'w' | 'a', name = path): Promise<OpenFile> {
  const loaded = await loadLibrary()
  if (current !== undefined) closeFile()
  const file = new loaded.File(path, mode, mode === 'r' ? {} : (OLDEST_FORMAT as never))
  // the library does not throw
  if (file.file_id < 0n) throw mode === 'r' ? notReadable(path) : failedWrite(name)
  current = { library: loaded, file, path, name }
  return current
}

/** @throws unexpected when nothing is open */
export function openedFile(): OpenFile {
  if (current === undefined) throw new Error('no HDF5 file is open')
  return current
}

/** Closes the file after writing what is still in memory. @throws hdf5-unwritable when that fails */
export function closeFile(): void {
  if (current === undefined) return
  const { library: loaded, file, name } = current
  current = undefined
  const failed = withoutTime(() => {
    const flushed = file.mode === 'r' ? 0 : loaded.Module.flush(file.file_id)
    return file.close() < 0 || flushed < 0
  })
  if (failed) throw failedWrite(name)
}

export const failedWrite = (name: string): ChunkflowError =>
  chunkflowError(
    'hdf5-unwritable',
    `${name} cannot be written: no space is left, or a size limit is reached`,
    { fix: 'free space, raise the limit (ulimit -f), or write elsewhere', retryable: true },
  )

function notReadable(path: string): ChunkflowError {
  return hasSignature(path)
    ? chunkflowError('hdf5-unreadable', `${path} cannot be read: it is truncated or damaged`, {
        fix: 'copy or write it again; h5ls and h5dump check a file',
      })
    : chunkflowError('hdf5-unreadable', `${path} cannot be read: it is not an HDF5 file`, {
        fix: 'check the path',
      })
}

const SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1')

/** HDF5's signature stands at byte 0, or behind a block of the user's at 512, 1024, 2048, ... */
function hasSignature(path: string): boolean {
  const handle = openSync(path, 'r')
  const bytes = Buffer.alloc(SIGNATURE.length)
  try {
    for (let position = 0; readSync(handle, bytes, 0, bytes.length, position) === bytes.length; ) {
      if (bytes.equals(SIGNATURE)) return true
      position = position === 0 ? 512 : position * 2
    }
    return false
  } finally {
    closeSync(handle)
  }
}

/** `main` and `/main` are the same. */
export const absolute = (dataset: string): string => (dataset.startsWith('/') ? dataset : `/${dataset}`)

/**
 * Stops the clock for the library, which stamps every array with the time it was made or changed: the same chunk must give
 * the same file. The action is synchronous, so nobody else looks at the clock meanwhile.
 */
export function withoutTime<T>(action: () => T): T {
  const { now } = Date
  Date.now = () => 0
  try {
    return action()
  } finally {
    Date.now = now
  }
}

/**
 * Gives an action `bytes` of the library's memory.
 * @throws hdf5-memory
 */
export function withMemory<T>({ Module }: Library, bytes: number, action: (address: number) => T): T {
  const address = Module._malloc(Math.max(1, bytes))
  if (address === 0) throw outOfMemory(`The HDF5 library cannot get ${bytes} bytes`)
  try {
    return action(address)
  } finally {
    Module._free(address)
  }
}

export const outOfMemory = (what: string): ChunkflowError =>
  chunkflowError('hdf5-memory', `${what}: its memory ends at 2 GiB`, {
    fix: 'rewrite the file with smaller storage chunks, one size an axis: h5repack -l CHUNK=16x128x128 in.h5 out.h5',
  })
