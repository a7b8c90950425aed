import type { TypedArray, Zyx } from '@chunkflow/kernel/authoring'

/**
 * Joins components that were labelled in separate groups of x rows, in place. Labels are in scan order within and
 * across groups, and stay so: the lower of two joined labels survives.
 * @param groups ranges of rows [first, end) in scan order, covering the array
 * @param count the highest label
 * @returns the number of components
 */
export function stitchGroups(
  { data, shapeZyx, connectivity }: { data: TypedArray; shapeZyx: Zyx; connectivity: 6 | 18 | 26 },
  labels: Uint32Array,
  groups: readonly (readonly [number, number])[],
  count: number,
): number {
  const [, ny, nx] = shapeZyx
  const parent = new Uint32Array(count + 1)
  for (let label = 0; label <= count; label++) parent[label] = label
  const straight = connectivity === 6 ? 0 : 1
  const diagonal = connectivity === 26 ? 1 : 0
  for (const [firstRow, endRow] of groups.slice(1))
    for (let row = firstRow; row < Math.min(endRow, firstRow + ny + 1); row++) {
      const y = row % ny
      const join = (other: number, reach: number): void => {
        if (other >= 0 && other < firstRow) joinRows(data, labels, parent, row, other, nx, reach)
      }
      if (y > 0) join(row - 1, straight)
      join(row - ny, straight)
      if (connectivity === 6) continue
      if (y > 0) join(row - ny - 1, diagonal)
      if (y + 1 < ny) join(row - ny + 1, diagonal)
    }
  const total = numberRoots(parent)
  for (let index = 0; index < labels.length; index++) labels[index] = parent[labels[index]!]!
  return total
}

/** A row as 32-bit words, or as it is when elements are shorter: no bigint is made for a voxel. */
const wordsOfRow = (data: TypedArray, row: number, length: number): ArrayLike<number> =>
  data.BYTES_PER_ELEMENT === 8
    ? new Uint32Array(data.buffer, data.byteOffset + row * length * 8, length * 2)
    : ((data as Uint32Array).subarray(row * length, (row + 1) * length) as Uint32Array)

function joinRows(
  data: TypedArray,
  labels: Uint32Array,
  parent: Uint32Array,
  row: number,
  other: number,
  length: number,
  reach: number,
): void {
  const left = wordsOfRow(data, row, length)
  const right = wordsOfRow(data, other, length)
  const wide = data.BYTES_PER_ELEMENT === 8
  const same = wide
    ? (a: number, b: number): boolean => left[2 * a] === right[2 * b] && left[2 * a + 1] === right[2 * b + 1]
    : (a: number, b: number): boolean => left[a] === right[b]
  for (let x = 0; x < length; x++) {
    const label = labels[row * length + x]!
    if (label === 0) continue
    for (let near = Math.max(0, x - reach); near <= Math.min(length - 1, x + reach); near++)
      if (same(x, near)) unite(parent, label, labels[other * length + near]!)
  }
}

function find(parent: Uint32Array, label: number): number {
  while (parent[label] !== label) {
    const above = parent[parent[label]!]!
    parent[label] = above
    label = above
  }
  return label
}

function unite(parent: Uint32Array, left: number, right: number): void {
  const a = find(parent, left)
  const b = find(parent, right)
  if (a < b) parent[b] = a
  else parent[a] = b
}

/** Replaces every parent by its root's number in order, from 1; 0 stays. Returns how many there are. */
function numberRoots(parent: Uint32Array): number {
  let total = 0
  for (let label = 1; label < parent.length; label++)
    parent[label] = parent[label] === label ? ++total : parent[parent[label]!]!
  return total
}
