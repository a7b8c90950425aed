import type { Synapses } from '@chunkflow/sdk'

export interface RedundancyOptions {
  /** Postsynapses farther from their presynapse go; voxels. */
  readonly maximumDistance: number
  /** So many of a presynapse stay, those of the least distance / confidence. */
  readonly maximumPosts: number
  /** Of postsynapses nearer to each other in one segment the nearest to its presynapse stays; voxels. */
  readonly duplicateDistance: number
}

/**
 * Which postsynapses are worth keeping. Those nearest to their presynapses are looked at first, and one that goes makes no other
 * one go.
 * @param segmentAt ids by global voxel; nothing is doubled without
 */
export function worthKeeping(
  { pre, post, postConfidence }: Synapses & { readonly post: NonNullable<Synapses['post']> },
  { maximumDistance, maximumPosts, duplicateDistance }: RedundancyOptions,
  segmentAt?: (z: number, y: number, x: number) => bigint | undefined,
): boolean[] {
  const count = post.shape[0]!
  const value = (row: number, column: number): number => Number(post.data[row * 4 + column])
  const distances = Float64Array.from({ length: count }, (_, row) =>
    Math.hypot(...[0, 1, 2].map((axis) => Number(pre.data[value(row, 0) * 3 + axis]) - value(row, axis + 1))),
  )
  const rows = Array.from({ length: count }, (_, row) => row)
  const keep = new Array<boolean>(count).fill(false)

  const cost = (row: number): number => distances[row]! / (postConfidence?.[row] ?? 1)
  const taken = new Map<number, number>()
  for (const row of [...rows].sort((left, right) => cost(left) - cost(right) || left - right)) {
    const so = taken.get(value(row, 0)) ?? 0
    if (distances[row]! > maximumDistance || so >= maximumPosts) continue
    taken.set(value(row, 0), so + 1)
    keep[row] = true
  }
  if (segmentAt === undefined) return keep

  /** Kept ones by segment and cube of the distance's width: near ones lie in neighbouring cubes. */
  const cubes = new Map<string, number[]>()
  const cell = Math.max(1, duplicateDistance)
  for (const row of rows
    .filter((row) => keep[row])
    .sort((left, right) => distances[left]! - distances[right]! || left - right)) {
    const place = [value(row, 1), value(row, 2), value(row, 3)] as const
    const segment = segmentAt(...place)
    if (segment === undefined || segment === 0n) continue
    const [z, y, x] = place.map((coordinate) => Math.floor(coordinate / cell)) as [number, number, number]
    const near = NEIGHBOURS.some(([dz, dy, dx]) =>
      cubes
        .get(`${segment} ${z + dz} ${y + dy} ${x + dx}`)
        ?.some((other) => between(row, other) <= duplicateDistance),
    )
    if (near) keep[row] = false
    else {
      const key = `${segment} ${z} ${y} ${x}`
      cubes.set(key, [...(cubes.get(key) ?? []), row])
    }
  }
  return keep

  function between(row: number, other: number): number {
    return Math.hypot(...[1, 2, 3].map((column) => value(row, column) - value(other, column)))
  }
}

const STEPS = [-1, 0, 1] as const
const NEIGHBOURS = STEPS.flatMap((z) => STEPS.flatMap((y) => STEPS.map((x) => [z, y, x] as const)))
