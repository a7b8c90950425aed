/** The Castagnoli polynomial, lowest bit first (RFC 3720). */
const POLYNOMIAL = 0x82f63b78

function makeTable(): Uint32Array {
  const table = new Uint32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let rest = byte
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1
    table[byte] = rest
  }
  return table
}

let table: Uint32Array | undefined

/** CRC-32C of bytes, unsigned. */
export function crc32c(bytes: Uint8Array): number {
  table ??= makeTable()
  let sum = 0xffffffff
  for (let index = 0; index < bytes.length; index++) sum = (sum >>> 8) ^ table[(sum ^ bytes[index]!) & 255]!
  return (sum ^ 0xffffffff) >>> 0
}
