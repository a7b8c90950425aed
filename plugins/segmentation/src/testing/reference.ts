import type { Zyx } from '@chunkflow/sdk'
import type { AffinityChannels } from '../kernels/affinity-channels.js'

/**
 * Specification 6.14 step by step, for small volumes: what the kernels must give.
 */

/** Steps along which a voxel points: -z, -y, -x, +z, +y, +x. */
const stepsOf = ([, height, width]: Zyx): readonly number[] => [
  -height * width,
  -width,
  -1,
  height * width,
  width,
  1,
]

/** The affinities of a voxel's six edges; `outside` for those that leave the volume. */
function edgesOf(
  { z, y, x }: AffinityChannels,
  [depth, height, width]: Zyx,
  voxel: number,
  outside: number,
): number[] {
  const [column, row, plane] = [
    voxel % width,
    Math.floor(voxel / width) % height,
    Math.floor(voxel / (width * height)),
  ]
  return [
    plane > 0 ? z[voxel]! : outside,
    row > 0 ? y[voxel]! : outside,
    column > 0 ? x[voxel]! : outside,
    plane < depth - 1 ? z[voxel + height * width]! : outside,
    row < height - 1 ? y[voxel + width]! : outside,
    column < width - 1 ? x[voxel + 1]! : outside,
  ]
}

export function referenceWatershed(
  channels: AffinityChannels,
  size: Zyx,
  low: number,
  high: number,
): Uint32Array {
  const steps = stepsOf(size)
  const [low32, high32] = [Math.fround(low), Math.fround(high)]
  const pointers = Array.from(channels.z, (_, voxel) => {
    const edges = edgesOf(channels, size, voxel, low32)
    const best = Math.max(...edges)
    return new Set(
      best > low32 ? [0, 1, 2, 3, 4, 5].filter((d) => edges[d] === best || edges[d]! >= high32) : [],
    )
  })
  drainPlateaus(pointers, steps)
  return numberBasins(pointers, steps)
}

function drainPlateaus(pointers: Set<number>[], steps: readonly number[]): void {
  const isReturned = (voxel: number, d: number): boolean => pointers[voxel + steps[d]!]!.has((d + 3) % 6)
  const queue: number[] = []
  pointers.forEach((own, voxel) => {
    if ([...own].some((d) => !isReturned(voxel, d))) queue.push(voxel)
  })
  const visited = new Set(queue)
  for (const voxel of queue) {
    let kept: number | undefined
    for (const d of [...pointers[voxel]!].sort()) {
      const next = voxel + steps[d]!
      if (!isReturned(voxel, d)) kept = d
      else if (!visited.has(next)) {
        visited.add(next)
        queue.push(next)
      }
    }
    pointers[voxel] = new Set(kept === undefined ? [] : [kept])
  }
}

function numberBasins(pointers: readonly Set<number>[], steps: readonly number[]): Uint32Array {
  const ids = new Uint32Array(pointers.length)
  let count = 0
  pointers.forEach((own, start) => {
    if (own.size === 0 || ids[start] !== 0) return
    const collected = new Set([start])
    let id = 0
    for (const voxel of collected)
      for (const d of pointers[voxel]!) {
        const next = voxel + steps[d]!
        if (ids[next] !== 0) id = ids[next]!
        else collected.add(next)
      }
    if (id === 0) id = ++count
    for (const voxel of collected) ids[voxel] = id
  })
  return ids
}

interface Edge {
  sum: number
  faces: number
}

/** Merges the pair with the smallest score again and again; of equal ones the one whose faces a scan by rows meets first. */
export function referenceAgglomeration(
  { z, y, x }: AffinityChannels,
  size: Zyx,
  fragments: readonly bigint[],
  threshold: number,
): bigint[] {
  const edges = new Map<string, Edge>()
  const key = (one: bigint, other: bigint): string => (one < other ? `${one},${other}` : `${other},${one}`)
  const steps = stepsOf(size)
  fragments.forEach((id, voxel) => {
    const isInside = edgesOf({ z, y, x }, size, voxel, Number.NaN).map((value) => !Number.isNaN(value))
    for (const d of [0, 1, 2]) {
      const other = isInside[d] ? fragments[voxel + steps[d]!]! : 0n
      if (id === 0n || other === 0n || id === other) continue
      const edge = edges.get(key(id, other)) ?? { sum: 0, faces: 0 }
      edge.sum += [z, y, x][d]![voxel]!
      edge.faces += 1
      edges.set(key(id, other), edge)
    }
  })
  const roots = new Map<bigint, bigint>()
  const score = ({ sum, faces }: Edge): number => Math.fround(1 - Math.fround(sum / faces))
  for (;;) {
    const [best] = [...edges].sort((left, right) => score(left[1]) - score(right[1]))
    if (best === undefined || score(best[1]) >= Math.fround(threshold)) break
    const [kept, gone] = best[0].split(',').map(BigInt) as [bigint, bigint]
    edges.delete(best[0])
    roots.set(gone, kept)
    for (const [name, edge] of [...edges]) {
      const ends = name.split(',').map(BigInt)
      if (!ends.includes(gone)) continue
      const other = ends.find((end) => end !== gone)!
      const joined = edges.get(key(kept, other)) ?? { sum: 0, faces: 0 }
      edges.delete(name)
      edges.set(key(kept, other), { sum: joined.sum + edge.sum, faces: joined.faces + edge.faces })
    }
  }
  return fragments.map((id) => {
    while (roots.has(id)) id = roots.get(id)!
    return id
  })
}
