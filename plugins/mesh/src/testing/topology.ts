import type { WordMesh } from '../worker/simplify.js'

export type Point = readonly [number, number, number]

/** Coordinates of a vertex, in the order of the array. */
export const vertexOf = (vertices: ArrayLike<number>, index: number): Point => [
  vertices[index * 3]!,
  vertices[index * 3 + 1]!,
  vertices[index * 3 + 2]!,
]

/** Triangles by coordinates, each begun at its smallest corner, sorted: what a mesh is, however its vertices are numbered. */
export function trianglesByPlace({ vertices, triangles }: WordMesh): string[] {
  const result: string[] = []
  for (let at = 0; at < triangles.length; at += 3) {
    const corners = [0, 1, 2].map((index) => vertexOf(vertices, triangles[at + index]!).join(' '))
    const turns = corners.map((_, turn) => [0, 1, 2].map((index) => corners[(turn + index) % 3]).join(', '))
    result.push(turns.sort()[0]!)
  }
  return result.sort()
}

/** Directed edges that no triangle goes along in the other direction: the open border. Throws on an edge used twice. */
export function openEdges({ triangles }: Pick<WordMesh, 'triangles'>): [from: number, to: number][] {
  const edges = new Set<string>()
  for (let at = 0; at < triangles.length; at += 3)
    for (let index = 0; index < 3; index++) {
      const edge = `${triangles[at + index]} ${triangles[at + ((index + 1) % 3)]}`
      if (edges.has(edge)) throw new Error(`edge ${edge} is used twice in one direction`)
      edges.add(edge)
    }
  return [...edges]
    .map((edge) => edge.split(' ').map(Number) as [number, number])
    .filter(([from, to]) => !edges.has(`${to} ${from}`))
}

/** V - E + F of a closed mesh: 2 for each sphere, 0 for each ring. */
export const eulerCharacteristic = ({ vertices, triangles }: WordMesh): number =>
  vertices.length / 3 - triangles.length / 2 + triangles.length / 3

/** Enclosed volume; positive when triangles are anticlockwise seen from outside. @param xyz coordinates x y z */
export function signedVolume(xyz: ArrayLike<number>, triangles: Uint32Array): number {
  let six = 0
  for (let at = 0; at < triangles.length; at += 3) {
    const [a, b, c] = [0, 1, 2].map((index) => vertexOf(xyz, triangles[at + index]!)) as [Point, Point, Point]
    six +=
      a[0] * (b[1] * c[2] - b[2] * c[1]) -
      a[1] * (b[0] * c[2] - b[2] * c[0]) +
      a[2] * (b[0] * c[1] - b[1] * c[0])
  }
  return six / 6
}
