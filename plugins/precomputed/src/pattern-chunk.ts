import { bytesPerElement, type Chunk, isBigDtype } from '@chunkflow/sdk'

/** Elements of the pattern that is repeated. */
const PERIOD = 65521
const LARGEST_COPY = 2 ** 24

/**
 * Fills a chunk that stands for data in a dry run: small numbers that are not all zero, floats in [0, 1); the same every
 * time.
 */
export function fillWithPattern({ data, dtype }: Chunk): void {
  const head = data.subarray(0, PERIOD) as Uint8Array
  const fraction = dtype === 'float32' || dtype === 'float64'
  for (let index = 0; index < head.length; index++) {
    const value = (Math.imul(index + 1, 2654435761) >>> 24) & 0x7f
    const element = isBigDtype(dtype) ? BigInt(value) : fraction ? value / 128 : value
    head[index] = element as number
  }
  const bytes = bytesPerElement(dtype)
  // each copy repeats what is there, in views that stay far below 4 GiB
  for (let filled = head.length; filled < data.length; ) {
    const count = Math.min(filled, LARGEST_COPY, data.length - filled)
    const from = new Uint8Array(data.buffer, data.byteOffset, count * bytes)
    new Uint8Array(data.buffer, data.byteOffset + filled * bytes, count * bytes).set(from)
    filled += count
  }
}
