import { tmpdir } from 'node:os'
import { chunkflowError, type PythonArray, type TypedArray } from '@chunkflow/sdk'
import { type FreeBytes, freeBytesOf, type Region, SharedFile } from './shared-file.js'
import type { Place, PlacedArray } from './values.js'

/** Folders for shared files, best first: memory, then disk. `CHUNKFLOW_SHARED_MEMORY` replaces the first. */
export const sharedFolders = (environment: NodeJS.ProcessEnv): readonly string[] => [
  environment.CHUNKFLOW_SHARED_MEMORY || '/dev/shm',
  tmpdir(),
]

/** The files through which voxels go to one Python process and back: the first with room is used. */
export class SharedMemory {
  readonly #files: readonly SharedFile[]

  private constructor(files: readonly SharedFile[]) {
    this.#files = files
  }

  /** @throws python-memory when no file can be made in any of the folders */
  static async open(folders: readonly string[], freeBytes: FreeBytes = freeBytesOf): Promise<SharedMemory> {
    const files: SharedFile[] = []
    for (const folder of folders) {
      const file = await SharedFile.open(folder, freeBytes)
      if (file !== null) files.push(file)
    }
    if (files.length > 0) return new SharedMemory(files)
    throw chunkflowError('python-memory', `No file can be made in ${folders.join(' or ')}`, {
      fix: 'set TMPDIR to a folder that can be written to',
    })
  }

  get descriptors(): readonly number[] {
    return this.#files.map(({ descriptor }) => descriptor)
  }

  /** Copies arrays to where Python sees them. @throws python-memory */
  async send(arrays: readonly PythonArray[]): Promise<ReadonlyMap<PythonArray, Place>> {
    const bytes = arrays.map(({ data }) => data.byteLength)
    for (const [index, file] of this.#files.entries()) {
      const offsets = await file.reserve(bytes)
      if (offsets === null || !(await fits(file, arrays, offsets))) continue
      return new Map(arrays.map((array, number) => [array, { file: index, offset: offsets[number]! }]))
    }
    const total = bytes.reduce((left, right) => left + right, 0)
    const places = this.#files.map(({ folder }) => folder).join(' and ')
    throw chunkflowError('python-memory', `${places} have no room for ${total} bytes of voxels`, {
      fix: 'use smaller chunks, or set TMPDIR to a folder with more room',
    })
  }

  async receive({ file, offset }: PlacedArray, target: TypedArray): Promise<void> {
    if (target.byteLength > 0) await this.#files[file]!.read(target, offset)
  }

  /** Regions the script still refers to, per file. */
  keep(held: readonly (readonly (readonly [number, number])[])[]): void {
    for (const [index, file] of this.#files.entries())
      file.held = (held[index] ?? []).map(([start, stop]): Region => ({ start, stop }))
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close()
  }
}

/** False when the file system filled up meanwhile. */
async function fits(
  file: SharedFile,
  arrays: readonly PythonArray[],
  offsets: readonly number[],
): Promise<boolean> {
  try {
    for (const [index, { data }] of arrays.entries()) await file.write(data, offsets[index]!)
    return true
  } catch (error) {
    if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}
