import { type Chunk, isFloat } from '@chunkflow/sdk'

const BLOCK_BYTES = 1 << 20

/** True when every voxel is 0 (-0 included). Stops at the first block that holds something. */
export function isAllZero({ data, dtype }: Chunk): boolean {
  const zeros = Buffer.alloc(BLOCK_BYTES)
  const elements = BLOCK_BYTES / data.BYTES_PER_ELEMENT
  for (let first = 0; first < data.length; first += elements) {
    const block = data.subarray(first, first + elements)
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
    if (bytes.equals(zeros.subarray(0, bytes.length))) continue
    // a negative zero has a bit set
    if (!isFloat(dtype)) return false
    const isZero =
      dtype === 'float16' ? (value: number) => (value & 0x7fff) === 0 : (value: number) => value === 0
    if (!(block as Float32Array).every(isZero)) return false
  }
  return true
}
