const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

/** The 32-bit finaliser of MurmurHash3. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/**
 * The low 8 bytes of MurmurHash3_x86_128 with seed 0, over the 8 little-endian bytes of a number: how sharded volumes
 * spread their chunks. Of an input this short only the first two of the four lanes are fed, as the tail.
 * https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 * @param input unsigned, 64 bits
 */
export function murmurHash(input: bigint): bigint {
  const low = Number(input & 0xffffffffn)
  const high = Number(input >> 32n)
  let first = Math.imul(rotateLeft(Math.imul(low, 0x239b961b), 15), 0xab0e9789) ^ 8
  let second = Math.imul(rotateLeft(Math.imul(high, 0xab0e9789), 16), 0x38b34ae5) ^ 8
  // the other lanes hold the length alone
  first = (first + second + 8 + 8) | 0
  second = (second + first) | 0
  const third = mix((first + 8) | 0)
  first = mix(first)
  second = mix(second)
  // lanes three and four are equal
  first = (first + second + third + third) | 0
  second = (second + first) | 0
  return (BigInt(second >>> 0) << 32n) | BigInt(first >>> 0)
}
