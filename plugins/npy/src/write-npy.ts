import { open } from 'node:fs/promises'
import type { PlainArray } from '@chunkflow/sdk'
import { formatHeader } from './npy-header.js'

/** How much is written at once. */
const PIECE_BYTES = 64 * 2 ** 20

/** Writes an array into a new file, as `numpy.save` does. */
export async function writeNpy(path: string, { shape, dtype, data }: PlainArray): Promise<void> {
  const handle = await open(path, 'w')
  try {
    await handle.writeFile(formatHeader(dtype, shape))
    for (let done = 0; done < data.byteLength; ) {
      const length = Math.min(PIECE_BYTES, data.byteLength - done)
      const piece = new Uint8Array(data.buffer, data.byteOffset + done, length)
      done += (await handle.write(piece, 0, length)).bytesWritten
    }
  } finally {
    await handle.close()
  }
}
