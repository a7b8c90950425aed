import type { Skeleton } from '@chunkflow/sdk'
import { createHeap } from './heap.js'
import { lengthBetween, skeletonOf } from './merge.js'

export interface TidyOptions {
  /** Parts with less cable go, nm. */
  readonly dustNm: number
  /** Shorter branches between an end and a fork go, nm. */
  readonly tickNm: number
}

/**
 * Removes small parts and short side branches (ticks) of a forest. Ticks go from the shortest on; when a fork is none any more
 * the branches that meet there become one, and count as one.
 */
export function tidy(skeleton: Skeleton, { dustNm, tickNm }: TidyOptions): Skeleton {
  const places = skeleton.vertices.data as Float32Array
  const graph = createGraph(skeleton)
  dropDust(graph, places, dustNm)
  pruneTicks(graph, places, tickNm)
  return collect(skeleton, graph)
}

/** Neighbours of each vertex; null for removed ones. */
type Graph = (Set<number> | null)[]

function createGraph({ vertices, edges }: Skeleton): Graph {
  const graph: Set<number>[] = Array.from({ length: vertices.shape[0]! }, () => new Set())
  for (let index = 0; index < edges.data.length; index += 2) {
    const [from, to] = [Number(edges.data[index]), Number(edges.data[index + 1])]
    graph[from]!.add(to)
    graph[to]!.add(from)
  }
  return graph
}

function dropDust(graph: Graph, places: Float32Array, dustNm: number): void {
  const seen = new Uint8Array(graph.length)
  for (let start = 0; start < graph.length; start++) {
    if (seen[start] === 1) continue
    const part = [start]
    seen[start] = 1
    let cable = 0
    for (const vertex of part)
      for (const other of graph[vertex]!) {
        // every edge is seen from both ends
        cable += lengthBetween(places, vertex, other) / 2
        if (seen[other] === 1) continue
        seen[other] = 1
        part.push(other)
      }
    if (cable < dustNm) for (const vertex of part) graph[vertex] = null
  }
}

interface Branch {
  /** From the end up to the fork, without it. */
  readonly vertices: readonly number[]
  readonly fork: number
  readonly length: number
}

function pruneTicks(graph: Graph, places: Float32Array, tickNm: number): void {
  const queue = createHeap<{ end: number; length: number }>(
    (left, right) => left.length - right.length || left.end - right.end,
  )
  const offer = (end: number): void => {
    const branch = branchAt(graph, places, end)
    if (branch !== null && branch.length < tickNm) queue.push({ end, length: branch.length })
  }
  for (let vertex = 0; vertex < graph.length; vertex++) if (graph[vertex]?.size === 1) offer(vertex)
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    if (graph[entry.end] === null) continue
    const branch = branchAt(graph, places, entry.end)
    if (branch === null) continue
    if (branch.length > entry.length) {
      // it has grown since its fork went
      offer(entry.end)
      continue
    }
    for (const vertex of branch.vertices) graph[vertex] = null
    graph[branch.fork]!.delete(branch.vertices.at(-1)!)
  }
}

/** The branch that ends in a vertex; null for a line without forks. */
function branchAt(graph: Graph, places: Float32Array, end: number): Branch | null {
  const vertices = [end]
  let length = 0
  let before = -1
  let vertex = end
  while (true) {
    const next = [...graph[vertex]!].find((other) => other !== before)
    if (next === undefined) return null
    length += lengthBetween(places, vertex, next)
    if (graph[next]!.size > 2) return { vertices, fork: next, length }
    vertices.push(next)
    ;[before, vertex] = [vertex, next]
  }
}

/** The vertices that are left, in their order. */
function collect({ vertices, radii }: Skeleton, graph: Graph): Skeleton {
  const kept = [...graph.keys()].filter((vertex) => graph[vertex] !== null)
  const renumbered = new Map(kept.map((vertex, index) => [vertex, index]))
  const places = new Float32Array(kept.length * 3)
  const ends: number[] = []
  for (const [index, vertex] of kept.entries()) {
    for (let axis = 0; axis < 3; axis++) places[index * 3 + axis] = Number(vertices.data[vertex * 3 + axis])
    const later = [...graph[vertex]!].filter((other) => other > vertex).sort((left, right) => left - right)
    for (const other of later) ends.push(index, renumbered.get(other)!)
  }
  return skeletonOf(
    places,
    ends,
    radii === undefined ? undefined : Float32Array.from(kept, (vertex) => radii[vertex]!),
  )
}
