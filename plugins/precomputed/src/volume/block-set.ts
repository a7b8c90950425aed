import { boxSize, ceilDivideZyx, productZyx, type Zyx } from '@chunkflow/sdk'
import type { Grid } from './blocks.js'

/** Some of the blocks of a grid, one bit each. */
export interface BlockSet {
  /** How many are in it. */
  readonly count: number
  has(index: Zyx): boolean
  /** @returns whether it was not in it before */
  add(index: Zyx): boolean
}

export function blockSet({ box, blockSize }: Grid): BlockSet {
  const [sizeZ, sizeY, sizeX] = ceilDivideZyx(boxSize(box), blockSize)
  const bits = new Uint8Array(Math.ceil(productZyx([sizeZ, sizeY, sizeX]) / 8))
  let count = 0
  const placeOf = ([z, y, x]: Zyx): readonly [byte: number, bit: number] => {
    const place = (z * sizeY + y) * sizeX + x
    return [Math.floor(place / 8), 1 << (place % 8)]
  }
  return {
    get count() {
      return count
    },
    has(index) {
      const [byte, bit] = placeOf(index)
      return (bits[byte]! & bit) !== 0
    },
    add(index) {
      const [byte, bit] = placeOf(index)
      if ((bits[byte]! & bit) !== 0) return false
      bits[byte]! |= bit
      count += 1
      return true
    },
  }
}
