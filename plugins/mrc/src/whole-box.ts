import { type BoundingBox, boxFromSize, zyx } from '@chunkflow/sdk'
import type { MrcHeader } from './header.js'

/** Everything in a file, in voxels counted from 0. */
export function wholeBox({ shape }: Pick<MrcHeader, 'shape'>): BoundingBox {
  const [depth, height, width] = shape.slice(-3) as [number, number, number]
  return boxFromSize(zyx(0, 0, 0), zyx(depth, height, width))
}
