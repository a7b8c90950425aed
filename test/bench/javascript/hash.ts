/** Stands in for the kernels' parts/hash: other slots, the same labels. */
import { load_u64 } from './runtime.js'

const low = (value: bigint): number => Number(value & 0xffffffffn)
const high = (value: bigint): number => Number(value >> 32n)

export const slotOf = (value: bigint, bits: number): number =>
  (Math.imul(low(value), 0x9e3779b1) ^ Math.imul(high(value), 0x85ebca6b)) >>> (32 - bits)

export function hashOf(sorted: number, count: number): number {
  let hash = count
  for (let index = 0; index < count; index++) {
    const value = load_u64(sorted + 8 * index)
    hash = Math.imul(hash ^ low(value), 0x01000193)
    hash = Math.imul(hash ^ high(value), 0x01000193)
  }
  return hash >>> 0
}
