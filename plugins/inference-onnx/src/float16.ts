import { float16ToNumber } from '@chunkflow/sdk'

/**
 * float32 to the bits of float16, rounding half to even.
 * @param from on memory that may be viewed as 32-bit words
 */
export function encodeFloat16(from: Float32Array, to: Uint16Array): void {
  const words = new Uint32Array(from.buffer, from.byteOffset, from.length)
  for (let index = 0; index < from.length; index++) {
    const bits = words[index]!
    const sign = (bits >>> 16) & 0x8000
    const magnitude = bits & 0x7fffffff
    // below the smallest normal number: a count of 2^-24; above: exponent rebased, 13 bits rounded away
    if (magnitude < 0x38800000) to[index] = sign | roundHalfEven(Math.abs(from[index]!) * 2 ** 24)
    else if (magnitude < 0x477ff000)
      to[index] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
    else to[index] = sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00)
  }
}

const roundHalfEven = (value: number): number => {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

let table: Float32Array | undefined

/** The bits of float16 to float32. */
export function decodeFloat16Bits(from: Uint16Array, to: Float32Array): void {
  table ??= Float32Array.from({ length: 65536 }, (_, bits) => float16ToNumber(bits))
  for (let index = 0; index < from.length; index++) to[index] = table[from[index]!]!
}
