import { open } from 'node:fs/promises'
import { chunkflowError, type Dtype, type TypedArray } from '@chunkflow/sdk'
import {
  decodeElements,
  encodeHeader,
  MAXIMUM_HEADER_BYTES,
  type NpyHeader,
  parseHeader,
} from './npy-format.js'

/** Bytes read or written at once. */
const PIECE = 2 ** 26

async function withFile<T>(
  file: string,
  action: (handle: Awaited<ReturnType<typeof open>>) => Promise<T>,
): Promise<T> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw chunkflowError(
      'npy-missing',
      `Cannot open ${file}: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`,
      { fix: 'check the path', cause },
    )
  })
  try {
    return await action(handle)
  } finally {
    await handle.close()
  }
}

async function readUpTo(
  handle: Awaited<ReturnType<typeof open>>,
  length: number,
  position: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(PIECE, length - done), position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

/** Shape and type, no elements. */
export const readNpyHeader = (file: string): Promise<NpyHeader> =>
  withFile(file, async (handle) => parseHeader(await readUpTo(handle, MAXIMUM_HEADER_BYTES, 0), file))

/** The whole array, in C order. */
export const readNpy = (file: string): Promise<NpyHeader & { readonly data: TypedArray }> =>
  withFile(file, async (handle) => {
    const header = parseHeader(await readUpTo(handle, MAXIMUM_HEADER_BYTES, 0), file)
    const { size } = await handle.stat()
    return {
      ...header,
      data: decodeElements(
        await readUpTo(handle, Math.max(0, size - header.dataOffset), header.dataOffset),
        header,
        file,
      ),
    }
  })

export async function writeNpy(
  file: string,
  data: TypedArray,
  shape: readonly number[],
  dtype: Dtype,
): Promise<void> {
  const handle = await open(file, 'w')
  try {
    const header = encodeHeader(shape, dtype)
    await handle.write(header)
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    for (let at = 0; at < bytes.length; at += PIECE)
      await handle.write(bytes, at, Math.min(PIECE, bytes.length - at), header.length + at)
  } finally {
    await handle.close()
  }
}
