import { chunkflowError, type Skeleton } from '@chunkflow/sdk'

/**
 * Fragments of one object as one skeleton: vertices at the same place become one, with the largest of the radii, and edges that
 * come twice one. Where that closes a circle, its longest edge is left out: what is left is a forest (Kruskal 1956). Vertices
 * come in the order of their places, so the order of the fragments does not matter.
 * @throws skeleton-fragments for places that are no numbers
 */
export function mergeFragments(fragments: readonly Skeleton[]): Skeleton {
  const total = fragments.reduce((sum, { vertices }) => sum + vertices.shape[0]!, 0)
  const places = new Float32Array(total * 3)
  const radii = new Float32Array(total)
  const pairs: number[] = []
  let first = 0
  for (const { vertices, edges, radii: own } of fragments) {
    places.set(vertices.data as Float32Array, first * 3)
    if (own !== undefined) radii.set(own, first)
    for (const end of edges.data) pairs.push(first + Number(end))
    first += vertices.shape[0]!
  }
  if (!places.every(Number.isFinite))
    throw chunkflowError('skeleton-fragments', 'A fragment has vertices that are nowhere', {
      fix: 'make the fragments again',
    })
  const { order, renumbered, count } = consolidate(places)
  const merged = new Float32Array(count * 3)
  const mergedRadii = new Float32Array(count)
  for (const vertex of order) {
    const target = renumbered[vertex]!
    // -0 and 0 are the same place
    for (let axis = 0; axis < 3; axis++) merged[target * 3 + axis] = places[vertex * 3 + axis]! + 0
    mergedRadii[target] = Math.max(mergedRadii[target]!, radii[vertex]!)
  }
  const edges = spanningForest(
    merged,
    pairs.map((vertex) => renumbered[vertex]!),
  )
  const hasRadii = fragments.some((fragment) => fragment.radii !== undefined)
  return skeletonOf(merged, edges, hasRadii ? mergedRadii : undefined)
}

/** @param places N × 3 @param ends two vertices an edge */
export const skeletonOf = (
  places: Float32Array,
  ends: readonly number[],
  radii: Float32Array | undefined,
): Skeleton => ({
  vertices: { shape: [places.length / 3, 3], dtype: 'float32', data: places },
  edges: { shape: [ends.length / 2, 2], dtype: 'uint32', data: Uint32Array.from(ends) },
  ...(radii === undefined ? {} : { radii }),
})

/** Vertices sorted by place, and for each the number of its place. */
function consolidate(places: Float32Array): { order: Uint32Array; renumbered: Uint32Array; count: number } {
  const compare = (left: number, right: number): number =>
    places[left * 3]! - places[right * 3]! ||
    places[left * 3 + 1]! - places[right * 3 + 1]! ||
    places[left * 3 + 2]! - places[right * 3 + 2]!
  const order = Uint32Array.from({ length: places.length / 3 }, (_, vertex) => vertex).sort(compare)
  const renumbered = new Uint32Array(order.length)
  let count = 0
  for (const [index, vertex] of order.entries()) {
    if (index > 0 && compare(order[index - 1]!, vertex) !== 0) count++
    renumbered[vertex] = count
  }
  return { order, renumbered, count: order.length === 0 ? 0 : count + 1 }
}

export function lengthBetween(places: Float32Array, from: number, to: number): number {
  return Math.hypot(
    places[from * 3]! - places[to * 3]!,
    places[from * 3 + 1]! - places[to * 3 + 1]!,
    places[from * 3 + 2]! - places[to * 3 + 2]!,
  )
}

/** The edges, lower vertex first and in order, without loops, duplicates and those that close circles. */
function spanningForest(places: Float32Array, ends: readonly number[]): number[] {
  const edges: { from: number; to: number; length: number }[] = []
  for (let index = 0; index < ends.length; index += 2) {
    const [from, to] = [Math.min(ends[index]!, ends[index + 1]!), Math.max(ends[index]!, ends[index + 1]!)]
    if (from !== to) edges.push({ from, to, length: lengthBetween(places, from, to) })
  }
  edges.sort((left, right) => left.length - right.length || left.from - right.from || left.to - right.to)
  const groups = Uint32Array.from({ length: places.length / 3 }, (_, vertex) => vertex)
  const groupOf = (vertex: number): number => {
    while (groups[vertex] !== vertex) vertex = groups[vertex] = groups[groups[vertex]!]!
    return vertex
  }
  return edges
    .filter(({ from, to }) => {
      const [left, right] = [groupOf(from), groupOf(to)]
      groups[Math.max(left, right)] = Math.min(left, right)
      return left !== right
    })
    .sort((left, right) => left.from - right.from || left.to - right.to)
    .flatMap(({ from, to }) => [from, to])
}
