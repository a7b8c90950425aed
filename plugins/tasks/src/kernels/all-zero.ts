import type { Chunk } from '@chunkflow/sdk'

/** True when every byte is 0, looking at eight at a time. A negative zero of a float is not zero bytes, so floats are compared. */
export function isAllZero({ data, dtype }: Chunk): boolean {
  if (dtype.startsWith('float')) {
    // the sign bit of a float16 is masked out: its negative zero is zero
    const values = data as Float32Array
    if (dtype === 'float16') return (data as Uint16Array).every((bits) => (bits & 0x7fff) === 0)
    for (let index = 0; index < values.length; index++) if (values[index] !== 0) return false
    return true
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const head = (8 - (bytes.byteOffset % 8)) % 8
  for (let index = 0; index < Math.min(head, bytes.length); index++) if (bytes[index] !== 0) return false
  if (bytes.length <= head) return true
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + head, Math.floor((bytes.length - head) / 4))
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false
  for (let index = head + words.length * 4; index < bytes.length; index++)
    if (bytes[index] !== 0) return false
  return true
}
