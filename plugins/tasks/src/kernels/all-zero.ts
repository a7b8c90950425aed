import type { Chunk } from '@chunkflow/sdk'

/** True when every voxel is 0; a negative zero is one, a NaN is not. Four bytes are looked at at once where possible. */
export function isAllZero({ data, dtype }: Chunk): boolean {
  if (dtype === 'float64') return (data as Float64Array).every((value) => value === 0)
  const sign = dtype === 'float32' ? 0x80000000 : dtype === 'float16' ? 0x80008000 : 0
  return hasOnlyBits(data, sign)
}

/** True when no bit is set outside of `mask`, which repeats every four bytes from the start. */
function hasOnlyBits({ buffer, byteOffset, byteLength }: ArrayBufferView, mask: number): boolean {
  // arrays begin at multiples of their element size: short elements may begin between two words
  const head = Math.min(byteLength, (4 - (byteOffset % 4)) % 4)
  const count = Math.floor((byteLength - head) / 4)
  // without a whole word the place may not even be one where words begin
  const words = count === 0 ? new Int32Array() : new Int32Array(buffer, byteOffset + head, count)
  const kept = ~mask
  for (let index = 0; index < count; index++) if ((words[index]! & kept) !== 0) return false
  const hasOnlyMaskedBytes = (start: number, stop: number): boolean =>
    new Uint8Array(buffer, byteOffset + start, stop - start).every(
      (byte, index) => (byte & (kept >> (8 * ((4 + start + index - head) % 4)))) === 0,
    )
  return hasOnlyMaskedBytes(0, head) && hasOnlyMaskedBytes(head + 4 * count, byteLength)
}
