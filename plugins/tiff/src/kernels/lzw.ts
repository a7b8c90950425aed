const CLEAR = 256
const END = 257
const FIRST_FREE = 258
const TABLE_SIZE = 4096

/**
 * LZW as TIFF 6.0 section 13 has it: codes of 9 to 12 bits, most significant bit first, which widen one code early.
 * @param length bytes expected; decoding stops there
 * @throws Error when the codes make no sense or end before
 */
export function decodeLzw(input: Uint8Array, length: number): Uint8Array {
  if (input[0] === 0 && (input[1]! & 1) === 1) throw new Error('old-style LZW is not supported')
  const output = new Uint8Array(length)
  // an entry is an earlier one and a byte more; bytes are their own entries
  const prefix = new Uint16Array(TABLE_SIZE)
  const last = new Uint8Array(TABLE_SIZE)
  const first = new Uint8Array(TABLE_SIZE)
  const size = new Uint16Array(TABLE_SIZE).fill(1, 0, CLEAR)
  for (let byte = 0; byte < 256; byte++) last[byte] = first[byte] = byte
  let free = FIRST_FREE
  let width = 9
  let previous = -1
  let [held, bits, from, to] = [0, 0, 0, 0]
  while (to < length) {
    while (bits < width) {
      if (from === input.length) throw new Error(`LZW codes end after ${to} of ${length} bytes`)
      held = ((held << 8) | input[from++]!) & 0xffffff
      bits += 8
    }
    bits -= width
    const code = (held >>> bits) & ((1 << width) - 1)
    if (code === END) break
    if (code === CLEAR) {
      free = FIRST_FREE
      width = 9
      previous = -1
      continue
    }
    if (code > free || (code === free && previous < 0) || (previous < 0 && code > CLEAR))
      throw new Error(`LZW code ${code} is not defined yet`)
    if (previous >= 0 && free < TABLE_SIZE) {
      prefix[free] = previous
      last[free] = first[code === free ? previous : code]!
      first[free] = first[previous]!
      size[free] = size[previous]! + 1
      free++
    }
    const end = to + size[code]!
    for (let entry = code, at = end - 1; at >= to; at--, entry = prefix[entry]!)
      if (at < length) output[at] = last[entry]!
    to = end
    previous = code
    if (free >= (1 << width) - 1 && width < 12) width++
  }
  if (to < length) throw new Error(`LZW codes end after ${to} of ${length} bytes`)
  return output
}
