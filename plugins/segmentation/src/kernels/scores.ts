import type { ContingencyTable } from './contingency.js'

/** Scores that compare a segmentation with ground truth. Entropies are in bits. */
export interface SegmentationScores {
  /** waterz: higher is better. Ground truth 0 is ignored, as in the next four. */
  readonly rand_split: number
  readonly rand_merge: number
  /** H(segmentation | ground truth) and H(ground truth | segmentation); lower is better. */
  readonly voi_split: number
  readonly voi_merge: number
  /** scikit-image: 1 - F-score of Rand precision and recall over pairs of different voxels. */
  readonly adapted_rand_error: number
  /** All voxels; 0 is a label like any other. */
  readonly rand_index: number
  readonly adjusted_rand_index: number
  readonly fowlkes_mallows_index: number
  /** Voxels where both labels are other than 0. */
  readonly variation_of_information: number
  /** Merges and splits that would turn one into the other, small overlaps and label 0 ignored. */
  readonly edit_distance: readonly [merges: number, splits: number]
}

/** Overlaps up to this many voxels count as noise in the edit distance. */
const SMALL_OVERLAP = 1000

/** Overlaps of the voxels that count. */
interface Overlaps {
  readonly segments: Uint32Array
  readonly objects: Uint32Array
  readonly counts: Float64Array
  readonly segmentSizes: Float64Array
  readonly objectSizes: Float64Array
  readonly total: number
}

/** All scores of specification 6.1 (families A and B) and the adapted Rand error. */
export function scoreSegmentation(table: ContingencyTable, smallOverlap = SMALL_OVERLAP): SegmentationScores {
  return {
    ...waterzScores(overlapsOf(table, (_, object) => object !== 0)),
    ...randFamily(overlapsOf(table, () => true)),
    ...galaScores(
      overlapsOf(table, (segment, object) => segment !== 0 && object !== 0),
      smallOverlap,
    ),
  }
}

/** How many voxels have ground truth. */
export const labelledVoxels = (table: ContingencyTable): number =>
  overlapsOf(table, (_, object) => object !== 0).total

function overlapsOf(
  table: ContingencyTable,
  matters: (segment: number, object: number) => boolean,
): Overlaps {
  const { segments, objects, counts, segmentCount, objectCount } = table
  const kept = counts.map((count, index) => (matters(segments[index]!, objects[index]!) ? count : 0))
  const segmentSizes = new Float64Array(segmentCount + 1)
  const objectSizes = new Float64Array(objectCount + 1)
  let total = 0
  kept.forEach((count, index) => {
    segmentSizes[segments[index]!]! += count
    objectSizes[objects[index]!]! += count
    total += count
  })
  return { segments, objects, counts: kept, segmentSizes, objectSizes, total }
}

function waterzScores(overlaps: Overlaps) {
  const { total } = overlaps
  if (total === 0) return { rand_split: 1, rand_merge: 1, voi_split: 0, voi_merge: 0, adapted_rand_error: 0 }
  const [both, bySegment, byObject] = squares(overlaps)
  // scikit-image counts pairs of different voxels: each sum of squares is reduced by the number of voxels
  const voxels = BigInt(total)
  const precision = ratio(both - voxels, bySegment - voxels)
  const recall = ratio(both - voxels, byObject - voxels)
  return {
    rand_split: ratio(both, byObject),
    rand_merge: ratio(both, bySegment),
    ...conditionalEntropies(overlaps),
    adapted_rand_error: precision + recall === 0 ? 1 : 1 - (2 * precision * recall) / (precision + recall),
  }
}

/** Numbers of pairs of voxels that are together in both volumes (a), in one (b, c) or in none (d). */
function randFamily(overlaps: Overlaps) {
  const [both, bySegment, byObject] = squares(overlaps)
  const voxels = BigInt(overlaps.total)
  const a = (both - voxels) / 2n
  const b = (bySegment - both) / 2n
  const c = (byObject - both) / 2n
  const d = (both + voxels * voxels - bySegment - byObject) / 2n
  const all = a + b + c + d
  const chance = (a + b) * (a + c) + (c + d) * (b + d)
  const together = Math.sqrt(Number((a + b) * (a + c)))
  return {
    rand_index: ratio(a + d, all),
    adjusted_rand_index: ratio(all * (a + d) - chance, all * all - chance),
    fowlkes_mallows_index: together === 0 ? 1 : Number(a) / together,
  }
}

function galaScores(overlaps: Overlaps, smallOverlap: number) {
  const { voi_split, voi_merge } = conditionalEntropies(overlaps)
  return {
    variation_of_information: voi_split + voi_merge,
    edit_distance: editDistance(overlaps, smallOverlap),
  }
}

/** Every term is 0 where a label of one volume lies in one label of the other: equal volumes score exactly 0. */
function conditionalEntropies({ segments, objects, counts, segmentSizes, objectSizes, total }: Overlaps) {
  let split = 0
  let merge = 0
  counts.forEach((count, index) => {
    if (count === 0) return
    split += count * Math.log2(objectSizes[objects[index]!]! / count)
    merge += count * Math.log2(segmentSizes[segments[index]!]! / count)
  })
  return { voi_split: total === 0 ? 0 : split / total, voi_merge: total === 0 ? 0 : merge / total }
}

function editDistance(
  { segments, objects, counts }: Overlaps,
  smallOverlap: number,
): readonly [number, number] {
  const surplus = (labels: Uint32Array): number => {
    const partners = new Map<number, number>()
    counts.forEach((count, index) => {
      if (count > smallOverlap) partners.set(labels[index]!, (partners.get(labels[index]!) ?? 0) + 1)
    })
    return [...partners.values()].reduce((sum, count) => sum + count - 1, 0)
  }
  return [surplus(segments), surplus(objects)]
}

/** Sums of squares of overlaps, segments and objects. */
const squares = ({ counts, segmentSizes, objectSizes }: Overlaps): readonly [bigint, bigint, bigint] => [
  sumOfSquares(counts),
  sumOfSquares(segmentSizes),
  sumOfSquares(objectSizes),
]

const EXACT = 2 ** 52

/** Exact: plain numbers are used as long as they are. */
function sumOfSquares(values: Float64Array): bigint {
  let large = 0n
  let small = 0
  for (const value of values) {
    const square = value * value
    if (square > EXACT) large += BigInt(value) ** 2n
    else small += square
    if (small > EXACT) {
      large += BigInt(small)
      small = 0
    }
  }
  return large + BigInt(small)
}

const ratio = (part: bigint, whole: bigint): number => (whole === 0n ? 1 : Number(part) / Number(whole))

/** A number as C++ streams print it: six significant digits. */
export function sixDigits(value: number): string {
  const [mantissa, power] = value.toExponential(5).split('e') as [string, string]
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return String(Number(value.toPrecision(6)))
  const digits = String(Math.abs(exponent)).padStart(2, '0')
  return `${Number(mantissa)}e${exponent < 0 ? '-' : '+'}${digits}`
}
