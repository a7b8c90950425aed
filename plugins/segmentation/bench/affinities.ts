import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Zyx } from '@chunkflow/sdk'

const SMALL: Zyx = [22, 120, 140]

/**
 * Affinities of the network on a FIB-SEM volume, of any size: the fixture is mirrored at its ends.
 * @returns (3, z, y, x), channels x, y, z
 */
export function mirroredAffinities([depth, height, width]: Zyx): Float32Array {
  const bytes = gunzipSync(
    readFileSync(new URL('../../../test/fixtures/agglomerate/affinity.f32.gz', import.meta.url)),
  )
  const small = new Float32Array(new Uint8Array(bytes).buffer)
  const result = new Float32Array(new SharedArrayBuffer(12 * depth * height * width))
  let index = 0
  for (let channel = 0; channel < 3; channel++)
    for (let z = 0; z < depth; z++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const from = [z, y, x].map((place, axis) => mirror(place, SMALL[axis]!, axis === 2 - channel))
          result[index++] =
            small[((channel * SMALL[0] + from[0]!) * SMALL[1] + from[1]!) * SMALL[2] + from[2]!]!
        }
  return result
}

/** In a mirrored part the edge below a voxel is the one above its image. */
function mirror(place: number, size: number, alongEdge: boolean): number {
  const turn = place % (2 * size)
  return turn < size ? turn : Math.min(size - 1, 2 * size - 1 - turn + (alongEdge ? 1 : 0))
}
