import { close, constants, open, read, statfs, unlink, write } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const [openFile, closeFile, unlinkFile, statFileSystem] = [
  promisify(open),
  promisify(close),
  promisify(unlink),
  promisify(statfs),
]

/** Linux: a file that never has a name. Node does not list the bit, which is the same on all its processors. */
const TEMPORARY_FILE = 0o20000000
/** Pieces are copied by several threads at once. */
const PIECE_BYTES = 1 << 20
const ALIGNMENT = 64

export interface Region {
  readonly start: number
  readonly stop: number
}

/** How much more a folder's file system takes. */
export type FreeBytes = (folder: string) => Promise<number>

export const freeBytesOf: FreeBytes = async (folder) => {
  const { bavail, bsize } = await statFileSystem(folder)
  return bavail * bsize
}

let counter = 0

/**
 * A file both processes have open. It has no name: whatever happens to them, nothing remains. Voxels for Python are
 * placed in its free regions and stay there for the next call to overwrite.
 */
export class SharedFile {
  readonly descriptor: number
  readonly folder: string
  readonly #freeBytes: FreeBytes
  /** Regions the script still refers to. */
  held: readonly Region[] = []
  #stop = 0

  private constructor(descriptor: number, folder: string, freeBytes: FreeBytes) {
    this.descriptor = descriptor
    this.folder = folder
    this.#freeBytes = freeBytes
  }

  /** Null when no file can be made in the folder. */
  static async open(folder: string, freeBytes: FreeBytes): Promise<SharedFile | null> {
    const descriptor = await openNameless(folder)
    return descriptor === null ? null : new SharedFile(descriptor, folder, freeBytes)
  }

  /** Free regions for arrays of these sizes; null when the file system has no room for them. */
  async reserve(sizes: readonly number[]): Promise<readonly number[] | null> {
    const taken = [...this.held]
    const offsets = sizes.map((bytes) => {
      const start = firstGap(taken, bytes)
      taken.push({ start, stop: start + bytes })
      return start
    })
    const growth = Math.max(0, ...taken.map(({ stop }) => stop)) - this.#stop
    return growth <= 0 || growth <= (await this.#freeBytes(this.folder)) ? offsets : null
  }

  async write(view: ArrayBufferView, offset: number): Promise<void> {
    await inPieces(view, (piece, at) => transfer(write, this.descriptor, piece, offset + at))
    this.#stop = Math.max(this.#stop, offset + view.byteLength)
  }

  async read(view: ArrayBufferView, offset: number): Promise<void> {
    await inPieces(view, (piece, at) => transfer(read, this.descriptor, piece, offset + at))
    this.#stop = Math.max(this.#stop, offset + view.byteLength)
  }

  async close(): Promise<void> {
    await closeFile(this.descriptor)
  }
}

async function openNameless(folder: string): Promise<number | null> {
  try {
    return await openFile(folder, TEMPORARY_FILE | constants.O_DIRECTORY | constants.O_RDWR, 0o600)
  } catch {
    // not every file system can
    return openUnlinked(folder)
  }
}

/** A file that loses its name at once. Null when the folder takes none. */
export async function openUnlinked(folder: string): Promise<number | null> {
  const name = path.join(folder, `chunkflow-${process.pid}-${counter++}`)
  try {
    const descriptor = await openFile(name, 'wx+', 0o600)
    await unlinkFile(name)
    return descriptor
  } catch {
    return null
  }
}

/** The first place for so many bytes between regions that are taken. */
function firstGap(taken: readonly Region[], bytes: number): number {
  let start = 0
  for (const region of [...taken].sort((left, right) => left.start - right.start)) {
    if (start + bytes <= region.start) break
    start = Math.max(start, Math.ceil(region.stop / ALIGNMENT) * ALIGNMENT)
  }
  return start
}

async function inPieces(
  view: ArrayBufferView,
  copy: (piece: Uint8Array, at: number) => Promise<void>,
): Promise<void> {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  const jobs: Promise<void>[] = []
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    jobs.push(copy(bytes.subarray(at, at + PIECE_BYTES), at))
  // all of them, also after a failure: nobody may touch the memory while a thread does
  const failed = (await Promise.allSettled(jobs)).find(({ status }) => status === 'rejected')
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason
}

type Transfer = (
  descriptor: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
  done: (error: Error | null, bytes: number) => void,
) => void

/** All of a piece: one call may do less. */
async function transfer(
  operation: Transfer,
  descriptor: number,
  piece: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const count = await new Promise<number>((resolve, reject) => {
      operation(descriptor, piece, done, piece.length - done, position + done, (error, bytes) =>
        error === null ? resolve(bytes) : reject(error),
      )
    })
    if (count === 0) throw new Error('a shared file is shorter than expected')
    done += count
  }
}
