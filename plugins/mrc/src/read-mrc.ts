import { type FileHandle, open } from 'node:fs/promises'
import {
  allocate,
  type BoundingBox,
  boxSize,
  bytesPerElement,
  type ChunkflowError,
  chunkflowError,
  type TypedArray,
} from '@chunkflow/sdk'
import { permuteAxes } from '@chunkflow/sdk/numerics'
import { readArrayRegion, readUpTo } from '@chunkflow/sdk/storage'
import { HEADER_BYTES, type MrcHeader, parseHeader } from './header.js'
import type { ByteSign } from './modes.js'

/** @throws mrc-missing, mrc-unreadable */
export const describeMrc = (file: string, sign?: ByteSign): Promise<MrcHeader> =>
  withFile(file, (handle) => readHeader(handle, file, sign))

export interface ReadMrcOptions {
  readonly sign?: ByteSign | undefined
  /** The part to read, in voxels counted from 0. */
  readonly choose: (header: MrcHeader) => BoundingBox
  readonly signal?: AbortSignal | undefined
  /** Is told the number of elements to read, before reading. */
  readonly start?: ((elements: number) => void) | undefined
  readonly advance?: ((elements: number) => void) | undefined
}

/** Reads a part of an array, of all volumes if there are several. @throws mrc-missing, mrc-unreadable */
export const readMrc = (
  file: string,
  { sign, choose, signal, start, advance }: ReadMrcOptions,
): Promise<{ readonly header: MrcHeader; readonly shape: readonly number[]; readonly data: TypedArray }> =>
  withFile(file, async (handle) => {
    const header = await readHeader(handle, file, sign)
    const { dtype, sizes, names, dataStart } = header
    const { size } = await handle.stat()
    const needed = sizes.reduce((left, right) => left * right, bytesPerElement(dtype)) + dataStart
    if (size < needed) throw tooShort(file, size, needed)
    const box = choose(header)
    const [depth, height, width] = boxSize(box)
    const first: Record<string, number> = { v: 0, z: box.start[0], y: box.start[1], x: box.start[2] }
    const count: Record<string, number> = { v: header.shape[0]!, z: depth, y: height, x: width }
    const shape = header.shape.length === 4 ? [count.v!, depth, height, width] : [depth, height, width]
    const elements = shape.reduce((left, right) => left * right, 1)
    start?.(elements)
    const data = allocate(dtype, elements)
    const counts = names.map((name) => count[name]!)
    if (elements > 0)
      await readArrayRegion(
        async (bytes, position) => {
          const done = await readUpTo(handle, bytes, position)
          if (done < bytes.length) throw tooShort(file, position + done, needed)
        },
        { sizes, dtype, bigEndian: header.bigEndian, dataStart },
        { start: names.map((name) => first[name]!), count: counts },
        data,
        { signal, ...(advance === undefined ? {} : { advance }) },
      )
    const order = (['v', 'z', 'y', 'x'] as const)
      .filter((name) => names.includes(name))
      .map((name) => names.indexOf(name))
    return { header, shape, data: await permuteAxes(data, dtype, counts, order, signal) }
  })

async function readHeader(handle: FileHandle, file: string, sign: ByteSign | undefined): Promise<MrcHeader> {
  const bytes = Buffer.alloc(HEADER_BYTES)
  return parseHeader(bytes.subarray(0, await readUpTo(handle, bytes, 0)), file, sign)
}

const tooShort = (file: string, bytes: number, needed: number): ChunkflowError =>
  chunkflowError('mrc-unreadable', `${file} ends too early: it has ${bytes} of ${needed} bytes`, {
    fix: 'copy or write it again',
  })

async function withFile<T>(file: string, action: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(file, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw chunkflowError('mrc-missing', `There is no file ${file}`, { fix: 'check the path' })
    throw chunkflowError('mrc-unreadable', `${file} cannot be opened: ${cause.message}`, {
      fix: 'check the path and its permissions',
      cause,
    })
  })
  try {
    return await action(handle)
  } finally {
    await handle.close()
  }
}
