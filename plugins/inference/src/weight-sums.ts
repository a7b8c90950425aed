import type { Zyx } from '@chunkflow/sdk'
import type { PatchGrid } from './geometry.js'

/**
 * Sums of patch weights over the voxels of an output, as far as they are kept.
 *
 * What patches add to a voxel depends, axis by axis, on its offsets inside the patches that cover it alone. Positions of
 * an axis with equal offsets form a class; there are about as many classes as a patch and an overlap have voxels, some more
 * where the last patch was moved back. Rows with equal classes along z and y have equal sums, which repeat along x with the
 * classes there: a row of sums has one float for every class along x.
 */
export interface WeightSums {
  /** Floats of a row of sums. */
  readonly classes: number
  /** How many rows are kept. */
  readonly rows: number
  readonly bytes: number
  /**
   * Parts of a row of sums that the same patches cover, i32: first class, classes, patches along x, offset of the first
   * class in each of them.
   */
  readonly pieces: Int32Array
  readonly pieceCount: number
  /** Voxels of a row whose classes follow each other, i32: first voxel, first class, voxels. */
  readonly runs: Int32Array
  /** Patches that cover a voxel, at most. */
  readonly mostPatches: number
  /** For every row of some planes: which kept row has its sums, -1 for none. */
  slots(planes: readonly [number, number], rows: readonly [number, number]): Int32Array
}

/**
 * Chooses the rows of sums that serve the most rows of the output.
 * @param keepBytes what kept rows may take
 */
export function planWeightSums(
  { outputSize, outputStarts }: Pick<PatchGrid, 'outputSize' | 'outputStarts'>,
  patchSize: Zyx,
  keepBytes: number,
): WeightSums {
  const [z, y, x] = outputStarts.map((starts, axis) =>
    offsetClasses(starts, patchSize[axis]!, outputSize[axis]!),
  ) as [OffsetClasses, OffsetClasses, OffsetClasses]
  const classes = x.members.length
  const rows = Math.min(z.members.length * y.members.length, Math.floor(keepBytes / (4 * classes)))
  const slotOf = chooseSlots(z.members, y.members, rows)
  return {
    classes,
    rows,
    bytes: 4 * classes * rows,
    ...piecesOf(x),
    runs: runsOf(x),
    mostPatches: z.mostPatches * y.mostPatches * x.mostPatches,
    slots([z0, z1], [y0, y1]) {
      const slots = new Int32Array((z1 - z0) * (y1 - y0))
      let index = 0
      for (let plane = z0; plane < z1; plane++) {
        const first = z.classOf[plane]! * y.members.length
        for (let row = y0; row < y1; row++) slots[index++] = slotOf[first + y.classOf[row]!]!
      }
      return slots
    },
  }
}

interface OffsetClasses {
  /** Class of every position, numbered as they appear. */
  readonly classOf: Int32Array
  /** How many positions a class has. */
  readonly members: readonly number[]
  /** Offsets of a class inside the patches that cover it. */
  readonly offsets: readonly (readonly number[])[]
  readonly mostPatches: number
}

function offsetClasses(starts: readonly number[], patch: number, size: number): OffsetClasses {
  const known = new Map<string, number>()
  const members: number[] = []
  const offsets: number[][] = []
  const classOf = new Int32Array(size)
  for (let position = 0; position < size; position++) {
    const inside = starts.map((start) => position - start).filter((offset) => offset >= 0 && offset < patch)
    const key = inside.join()
    const present = known.get(key) ?? known.size
    if (present === known.size) {
      known.set(key, present)
      members.push(0)
      offsets.push(inside)
    }
    classOf[position] = present
    members[present]! += 1
  }
  return { classOf, members, offsets, mostPatches: Math.max(...offsets.map(({ length }) => length)) }
}

/** A number for each of the `rows` pairs of classes along z and y that most rows have; -1 for the others. */
function chooseSlots(membersZ: readonly number[], membersY: readonly number[], rows: number): Int32Array {
  const uses = Int32Array.from(membersZ.flatMap((z) => membersY.map((y) => z * y)))
  const slots = new Int32Array(uses.length).fill(-1)
  if (rows === 0) return slots
  const least = uses.slice().sort()[uses.length - rows]!
  let slot = 0
  for (let pair = 0; pair < uses.length; pair++) if (uses[pair]! > least) slots[pair] = slot++
  for (let pair = 0; slot < rows; pair++) if (uses[pair] === least) slots[pair] = slot++
  return slots
}

function runsOf({ classOf }: OffsetClasses): Int32Array {
  const runs: number[] = []
  for (const [from, to] of stretches(classOf.length, (at) => classOf[at] === classOf[at - 1]! + 1))
    runs.push(from, classOf[from]!, to - from)
  return Int32Array.from(runs)
}

function piecesOf({ offsets }: OffsetClasses): { pieces: Int32Array; pieceCount: number } {
  const follows = (at: number): boolean => {
    const [before, here] = [offsets[at - 1]!, offsets[at]!]
    return before.length === here.length && here.every((offset, index) => offset === before[index]! + 1)
  }
  const pieces = stretches(offsets.length, follows).map(([from, to]) => [
    from,
    to - from,
    offsets[from]!.length,
    ...offsets[from]!,
  ])
  return { pieces: Int32Array.from(pieces.flat()), pieceCount: pieces.length }
}

/** Splits 0 ... length into the longest parts whose members follow each other. */
function stretches(length: number, follows: (at: number) => boolean): [number, number][] {
  const parts: [number, number][] = []
  for (let from = 0, at = 1; at <= length; at++)
    if (at === length || !follows(at)) {
      parts.push([from, at])
      from = at
    }
  return parts
}
