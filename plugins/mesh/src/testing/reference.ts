import type { Chunk } from '@chunkflow/sdk'
import { CELL_EDGES, trianglesOf } from '../kernels/case-table.js'

/** The surface of one label, cell by cell: triangles by coordinates in half voxels, as `trianglesByPlace` gives them. */
export function referenceTriangles({ data, shape }: Chunk, id: bigint): string[] {
  const [depth, height, width] = shape as [number, number, number]
  const at = (z: number, y: number, x: number): boolean => BigInt(data[(z * height + y) * width + x]!) === id
  const found: string[] = []
  for (let z = 0; z + 1 < depth; z++)
    for (let y = 0; y + 1 < height; y++)
      for (let x = 0; x + 1 < width; x++) {
        let inside = 0
        for (let corner = 0; corner < 8; corner++)
          if (at(z + (corner >> 2), y + ((corner >> 1) & 1), x + (corner & 1))) inside |= 1 << corner
        for (const triangle of trianglesOf(inside)) {
          const corners = triangle.map((edge) => {
            const { corner, axis } = CELL_EDGES[edge]!
            const place = [z + (corner >> 2), y + ((corner >> 1) & 1), x + (corner & 1)].map((v) => 2 * v)
            place[axis]!++
            return place.join(' ')
          })
          const turns = corners.map((_, turn) => [0, 1, 2].map((i) => corners[(turn + i) % 3]).join(', '))
          found.push(turns.sort()[0]!)
        }
      }
  return found.sort()
}
