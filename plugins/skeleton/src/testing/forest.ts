import type { Skeleton } from '@chunkflow/sdk'

/** Number of trees of a skeleton. @throws when it is no forest, or an edge or vertex is no good */
export function treesOf({ vertices, edges }: Skeleton): number {
  const count = vertices.shape[0]!
  const groups = Array.from({ length: count }, (_, vertex) => vertex)
  const groupOf = (vertex: number): number => (groups[vertex] === vertex ? vertex : groupOf(groups[vertex]!))
  for (let index = 0; index < edges.data.length; index += 2) {
    const [from, to] = [groupOf(Number(edges.data[index])), groupOf(Number(edges.data[index + 1]))]
    if (from === to) throw new Error(`edge ${index / 2} closes a circle`)
    groups[from] = to
  }
  return count - edges.shape[0]!
}

/** Lengths of all edges, nm. */
export function cableOf({ vertices, edges }: Skeleton): number {
  let sum = 0
  for (let index = 0; index < edges.data.length; index += 2) {
    const [from, to] = [Number(edges.data[index]) * 3, Number(edges.data[index + 1]) * 3]
    sum += Math.hypot(
      ...[0, 1, 2].map((axis) => Number(vertices.data[from + axis]) - Number(vertices.data[to + axis])),
    )
  }
  return sum
}

/** Places of the vertices of a degree, sorted. */
export function verticesOfDegree(
  { vertices, edges }: Skeleton,
  wanted: (degree: number) => boolean,
): number[][] {
  const degrees = new Uint32Array(vertices.shape[0]!)
  for (const end of edges.data) degrees[Number(end)]!++
  return [...degrees.keys()]
    .filter((vertex) => wanted(degrees[vertex]!))
    .map((vertex) => Array.from(vertices.data.subarray(vertex * 3, vertex * 3 + 3), Number))
    .sort((left, right) => left[0]! - right[0]! || left[1]! - right[1]! || left[2]! - right[2]!)
}

/** Vertices and edges as one text, whatever their order. */
export function shapeOf({ vertices, edges }: Skeleton): string[] {
  const place = (vertex: number): string => vertices.data.subarray(vertex * 3, vertex * 3 + 3).join(' ')
  const lines: string[] = []
  for (let vertex = 0; vertex < vertices.shape[0]!; vertex++) lines.push(place(vertex))
  for (let index = 0; index < edges.data.length; index += 2)
    lines.push([place(Number(edges.data[index])), place(Number(edges.data[index + 1]))].sort().join(' - '))
  return lines.sort()
}
