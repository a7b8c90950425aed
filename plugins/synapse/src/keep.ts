import type { BoundingBox, PlainArray, Synapses } from '@chunkflow/sdk'

/**
 * The synapses whose presynapse is kept: the postsynapses of the others go with them, the rest is numbered again.
 * @param keep one entry a row of `pre`
 */
export function keepPre(synapses: Synapses, keep: readonly boolean[]): Synapses {
  const { pre, post, resolution, users } = synapses
  const preRows = rowsWhere(pre.shape[0]!, (row) => keep[row]!)
  /** Old row of a presynapse to the new one. */
  const renumbered = new Map(preRows.map((row, index) => [row, index]))
  const postRows =
    post === null ? [] : rowsWhere(post.shape[0]!, (row) => renumbered.has(Number(post.data[row * 4])))
  const keptPost = post === null ? null : pick(post, postRows)
  if (keptPost !== null)
    for (let row = 0; row < postRows.length; row++)
      keptPost.data[row * 4] = renumbered.get(Number(keptPost.data[row * 4]))!
  return {
    pre: pick(pre, preRows),
    post: keptPost,
    resolution,
    preConfidence: pickValues(synapses.preConfidence, preRows),
    postConfidence: pickValues(synapses.postConfidence, postRows),
    users,
    preUsers: pickValues(synapses.preUsers, preRows),
    postUsers: pickValues(synapses.postUsers, postRows),
  }
}

/** The synapses with those postsynapses that are kept. @param keep one entry a row of `post` */
export function keepPost(synapses: Synapses, keep: readonly boolean[]): Synapses {
  const { post } = synapses
  if (post === null) return synapses
  const rows = rowsWhere(post.shape[0]!, (row) => keep[row]!)
  return {
    ...synapses,
    post: pick(post, rows),
    postConfidence: pickValues(synapses.postConfidence, rows),
    postUsers: pickValues(synapses.postUsers, rows),
  }
}

function rowsWhere(count: number, wanted: (row: number) => boolean): number[] {
  const rows: number[] = []
  for (let row = 0; row < count; row++) if (wanted(row)) rows.push(row)
  return rows
}

function pick({ shape, dtype, data }: PlainArray, rows: readonly number[]): PlainArray {
  const columns = shape[1]!
  const picked = data.slice(0, rows.length * columns)
  for (const [index, row] of rows.entries())
    picked.set(data.subarray(row * columns, (row + 1) * columns) as never, index * columns)
  return { shape: [rows.length, columns], dtype, data: picked }
}

function pickValues<T extends Float32Array | Int32Array>(
  values: T | undefined,
  rows: readonly number[],
): T | undefined {
  if (values === undefined) return undefined
  const picked = values.slice(0, rows.length) as T
  for (const [index, row] of rows.entries()) picked[index] = values[row]!
  return picked
}

/**
 * Which presynapses lie in a box.
 * @param inclusive a point at the stop of the box counts as inside
 */
export const isInside = ({ pre }: Synapses, { start, stop }: BoundingBox, inclusive = false): boolean[] =>
  Array.from({ length: pre.shape[0]! }, (_, row) =>
    start.every((first, axis) => {
      const place = Number(pre.data[row * 3 + axis])
      return place >= first && (inclusive ? place <= stop[axis]! : place < stop[axis]!)
    }),
  )
