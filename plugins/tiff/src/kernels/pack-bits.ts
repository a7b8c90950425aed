/**
 * PackBits, the byte run lengths of TIFF 6.0 section 9: a header n of 0 to 127 is followed by n + 1 literal bytes, one of
 * -1 to -127 by a byte that stands 1 - n times, -128 means nothing.
 */

/** @param length bytes expected; null when the input ends before or gives more */
export function decodePackBits(input: Uint8Array, length: number): Uint8Array | null {
  const output = new Uint8Array(length)
  let to = 0
  for (let from = 0; from < input.length && to < length; ) {
    const header = (input[from++]! << 24) >> 24
    if (header === -128) continue
    const count = header < 0 ? 1 - header : header + 1
    if (to + count > length || from + (header < 0 ? 1 : count) > input.length) return null
    if (header < 0) output.fill(input[from++]!, to, to + count)
    else {
      output.set(input.subarray(from, from + count), to)
      from += count
    }
    to += count
  }
  return to === length ? output : null
}

/** Packs every row by itself, as the format demands. */
export function encodePackBits(bytes: Uint8Array, rowBytes: number): Uint8Array {
  // incompressible rows grow by one byte in 128
  const output = new Uint8Array(bytes.length + Math.ceil(rowBytes / 128) * Math.ceil(bytes.length / rowBytes))
  let to = 0
  for (let row = 0; row < bytes.length; row += rowBytes) {
    const end = Math.min(row + rowBytes, bytes.length)
    for (let from = row; from < end; ) {
      const run = runLength(bytes, from, end)
      if (run > 1) {
        output[to++] = 257 - run
        output[to++] = bytes[from]!
        from += run
        continue
      }
      const count = literalLength(bytes, from, end)
      output[to++] = count - 1
      output.set(bytes.subarray(from, from + count), to)
      to += count
      from += count
    }
  }
  return output.subarray(0, to)
}

function runLength(bytes: Uint8Array, from: number, end: number): number {
  const limit = Math.min(end, from + 128)
  let next = from + 1
  while (next < limit && bytes[next] === bytes[from]) next++
  return next - from
}

/** Up to where at least three equal bytes follow: shorter runs cost as much as literals. */
function literalLength(bytes: Uint8Array, from: number, end: number): number {
  const limit = Math.min(end, from + 128)
  let next = from + 1
  while (
    next < limit &&
    !(bytes[next] === bytes[next + 1] && bytes[next] === bytes[next + 2] && next + 2 < end)
  )
    next++
  return next - from
}
