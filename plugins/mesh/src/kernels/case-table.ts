/**
 * What marching cubes (Lorensen and Cline 1987) does in a cell: a cube between the centres of 2 × 2 × 2 voxels. The table is
 * worked out here from one rule instead of being listed, so that it can be checked.
 *
 * Corner `c` lies at z = c >> 2, y = c >> 1 & 1, x = c & 1. Bit `c` of a case says that the corner is inside the object.
 * The surface crosses every edge between an inside and an outside corner at its middle.
 *
 * The rule: on a face, inside corners that touch only across the diagonal are kept apart. It looks at the face alone, so
 * that the two cells of a face agree, and surfaces have no cracks; objects touch as with 6-connectivity.
 *
 * The crossings of a cell's faces join to closed loops, and loops are cut into triangles such that no new edge lies in a
 * face: there it could coincide with one of the neighbouring cell, and more than two triangles would share it.
 */

export interface CellEdge {
  /** The corner with the smaller coordinates. */
  readonly corner: number
  /** 0 z, 1 y, 2 x. */
  readonly axis: number
}

/** The 12 edges of a cell: along z, along y, along x, by their lower corners. */
export const CELL_EDGES: readonly CellEdge[] = [0, 1, 2].flatMap((axis) =>
  [0, 1, 2, 3, 4, 5, 6, 7]
    .filter((corner) => (corner & (4 >> axis)) === 0)
    .map((corner) => ({ corner, axis })),
)

const edgeBetween = (one: number, other: number): number =>
  CELL_EDGES.findIndex(({ corner, axis }) => corner === Math.min(one, other) && 4 >> axis === (one ^ other))

/**
 * The corners of the six faces, in the order in which they are met walking around it anticlockwise, seen from outside the
 * cell with x, y, z right-handed.
 */
const CELL_FACES: readonly (readonly number[])[] = [
  [0, 2, 3, 1], // z = 0
  [4, 5, 7, 6], // z = 1
  [0, 1, 5, 4], // y = 0
  [2, 6, 7, 3], // y = 1
  [0, 4, 6, 2], // x = 0
  [1, 3, 7, 5], // x = 1
]

/** Closed loops of crossed edges, each edge followed by the next one around the object. */
export function loopsOf(inside: number): number[][] {
  const isInside = (corner: number): boolean => ((inside >> corner) & 1) === 1
  const next = new Map<number, number>()
  for (const face of CELL_FACES)
    for (let at = 0; at < 4; at++) {
      // walking around the face, the surface is entered at one edge and left at the next one that is crossed
      if (isInside(face[at]!) || !isInside(face[(at + 1) % 4]!)) continue
      let end = at + 1
      while (isInside(face[(end + 1) % 4]!)) end++
      const entered = edgeBetween(face[at]!, face[(at + 1) % 4]!)
      const left = edgeBetween(face[end % 4]!, face[(end + 1) % 4]!)
      next.set(entered, left)
    }
  const loops: number[][] = []
  for (const start of [...next.keys()].sort((a, b) => a - b)) {
    const loop: number[] = []
    for (let edge = start; next.has(edge); ) {
      loop.push(edge)
      const following = next.get(edge)!
      next.delete(edge)
      edge = following
    }
    if (loop.length > 0) loops.push(loop)
  }
  return loops
}

const sharesFace = (one: number, other: number): boolean =>
  CELL_FACES.some((face) =>
    [one, other].every((edge) => {
      const { corner, axis } = CELL_EDGES[edge]!
      return face.includes(corner) && face.includes(corner | (4 >> axis))
    }),
  )

type Triangle = readonly [number, number, number]

/** All ways to cut a loop into triangles of its own vertices without a new edge in a face of the cell. */
function triangulationsOf(loop: readonly number[]): (readonly Triangle[])[] {
  if (loop.length < 3) return [[]]
  const [first, last] = [loop[0]!, loop.at(-1)!]
  const found: (readonly Triangle[])[] = []
  // the triangle on the side from the last vertex to the first one ends at any other vertex
  for (let at = 1; at < loop.length - 1; at++) {
    const apex = loop[at]!
    const isNew = [at > 1 && [first, apex], at < loop.length - 2 && [apex, last]]
    if (isNew.some((edge) => edge && sharesFace(edge[0]!, edge[1]!))) continue
    for (const left of triangulationsOf(loop.slice(0, at + 1)))
      for (const right of triangulationsOf(loop.slice(at)))
        found.push([[first, apex, last], ...left, ...right])
  }
  return found
}

/** Middle of an edge, x y z, in units of a cell. */
function middleOf(edge: number): readonly [number, number, number] {
  const { corner, axis } = CELL_EDGES[edge]!
  const place = [corner & 1, (corner >> 1) & 1, corner >> 2] as [number, number, number]
  place[2 - axis]! += 0.5
  return place
}

function areaOf([a, b, c]: Triangle): number {
  const [p, q, r] = [middleOf(a), middleOf(b), middleOf(c)]
  const [u, v] = [q, r].map((end) => end.map((value, axis) => value - p[axis]!)) as [number[], number[]]
  const cross = [0, 1, 2].map((k) => u[(k + 1) % 3]! * v[(k + 2) % 3]! - u[(k + 2) % 3]! * v[(k + 1) % 3]!)
  return Math.hypot(...cross) / 2
}

/** Of all ways the one with the least area, the first of equal ones. */
function triangulate(loop: readonly number[]): readonly Triangle[] {
  const ways = triangulationsOf(loop)
  const areas = ways.map((way) => way.reduce((sum, triangle) => sum + areaOf(triangle), 0))
  const least = Math.min(...areas)
  return ways[areas.findIndex((area) => area < least + 1e-9)]!
}

/** Crossed edges of the triangles of a case, anticlockwise seen from outside the object, x y z being right-handed. */
export const trianglesOf = (inside: number): readonly Triangle[] => loopsOf(inside).flatMap(triangulate)

/** Bytes of a case: the number of its triangles, then three corners each. */
export const CASE_BYTES = 16

/**
 * The table for the kernel: 256 × {@link CASE_BYTES}. A corner of a triangle is 2 × edge, plus 1 when the inside end of the
 * edge is its upper one.
 */
export const caseTable = (): Uint8Array => {
  made ??= makeTable()
  return made
}

/** Always the same, and made at its first use: that takes longer than a small chunk. */
let made: Uint8Array | undefined

function makeTable(): Uint8Array {
  const table = new Uint8Array(256 * CASE_BYTES)
  for (let inside = 0; inside < 256; inside++) {
    const triangles = trianglesOf(inside)
    table[inside * CASE_BYTES] = triangles.length
    triangles.flat().forEach((edge, index) => {
      const isUpper = ((inside >> CELL_EDGES[edge]!.corner) & 1) === 0
      table[inside * CASE_BYTES + 1 + index] = 2 * edge + (isUpper ? 1 : 0)
    })
  }
  return table
}
