import type { LabelPair } from './contingency.js'

/** Scores that compare a segmentation with ground truth. Entropies are in bits. */
export interface SegmentationScores {
  /** waterz: higher is better. */
  readonly rand_split: number
  readonly rand_merge: number
  /** H(segmentation | ground truth) and H(ground truth | segmentation); lower is better. Ground truth 0 is ignored. */
  readonly voi_split: number
  readonly voi_merge: number
  /** scikit-image: 1 - F-score of Rand precision and recall, ground truth 0 ignored. */
  readonly adapted_rand_error: number
  readonly rand_index: number
  readonly adjusted_rand_index: number
  /** Both ids non-zero. */
  readonly variation_of_information: number
  readonly fowlkes_mallows_index: number
  /** Merges and splits that would turn one into the other, overlaps of at most 1000 voxels ignored. */
  readonly edit_distance: readonly [merges: number, splits: number]
}

/** Overlaps up to this many voxels count as noise in the edit distance. */
const SMALL_OVERLAP = 1000

type Side = 'segmentation' | 'groundtruth'

function sizesBy(pairs: readonly LabelPair[], side: Side): number[] {
  const sizes = new Map<bigint, number>()
  for (const pair of pairs) sizes.set(pair[side], (sizes.get(pair[side]) ?? 0) + pair.count)
  return [...sizes.values()]
}

const sum = (values: readonly number[]): number => values.reduce((left, right) => left + right, 0)
const sumOfSquares = (values: readonly number[]): number => sum(values.map((value) => value * value))
const entropy = (counts: readonly number[], total: number): number =>
  -sum(counts.map((count) => (count / total) * Math.log2(count / total)))
const ratio = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole)

/** All scores of specification 6.1 (families A and B) and the adapted Rand error. */
export function scoreSegmentation(
  pairs: readonly LabelPair[],
  smallOverlap = SMALL_OVERLAP,
): SegmentationScores {
  return {
    ...waterzScores(pairs.filter(({ groundtruth }) => groundtruth !== 0n)),
    ...galaScores(pairs, smallOverlap),
  }
}

function waterzScores(pairs: readonly LabelPair[]) {
  const joint = pairs.map(({ count }) => count)
  const [segments, objects] = [sizesBy(pairs, 'segmentation'), sizesBy(pairs, 'groundtruth')]
  const total = sum(joint)
  if (total === 0) return { rand_split: 1, rand_merge: 1, voi_split: 0, voi_merge: 0, adapted_rand_error: 0 }
  const [both, bySegment, byObject] = [sumOfSquares(joint), sumOfSquares(segments), sumOfSquares(objects)]
  const jointEntropy = entropy(joint, total)
  // scikit-image counts pairs of different voxels: each sum of squares is reduced by the number of voxels
  const precision = ratio(both - total, bySegment - total)
  const recall = ratio(both - total, byObject - total)
  return {
    rand_split: both / byObject,
    rand_merge: both / bySegment,
    voi_split: jointEntropy - entropy(objects, total),
    voi_merge: jointEntropy - entropy(segments, total),
    adapted_rand_error: precision + recall === 0 ? 1 : 1 - (2 * precision * recall) / (precision + recall),
  }
}

function galaScores(pairs: readonly LabelPair[], smallOverlap: number) {
  const total = sum(pairs.map(({ count }) => count))
  const both = sumOfSquares(pairs.map(({ count }) => count))
  const bySegment = sumOfSquares(sizesBy(pairs, 'segmentation'))
  const byObject = sumOfSquares(sizesBy(pairs, 'groundtruth'))
  const a = (both - total) / 2
  const b = (bySegment - both) / 2
  const c = (byObject - both) / 2
  const d = (both + total * total - bySegment - byObject) / 2
  const n = a + b + c + d
  const chance = (a + b) * (a + c) + (c + d) * (b + d)
  const foreground = pairs.filter(
    ({ segmentation, groundtruth }) => segmentation !== 0n && groundtruth !== 0n,
  )
  return {
    rand_index: ratio(a + d, n),
    adjusted_rand_index: ratio(n * (a + d) - chance, n * n - chance),
    variation_of_information: variationOfInformation(foreground),
    fowlkes_mallows_index: ratio(a, Math.sqrt((a + b) * (a + c))),
    edit_distance: editDistance(foreground, smallOverlap),
  }
}

function variationOfInformation(pairs: readonly LabelPair[]): number {
  const total = sum(pairs.map(({ count }) => count))
  if (total === 0) return 0
  const joint = entropy(
    pairs.map(({ count }) => count),
    total,
  )
  return (
    2 * joint - entropy(sizesBy(pairs, 'segmentation'), total) - entropy(sizesBy(pairs, 'groundtruth'), total)
  )
}

function editDistance(pairs: readonly LabelPair[], smallOverlap: number): readonly [number, number] {
  const large = pairs.filter(({ count }) => count > smallOverlap)
  const surplus = (side: Side): number => {
    const partners = new Map<bigint, number>()
    for (const pair of large) partners.set(pair[side], (partners.get(pair[side]) ?? 0) + 1)
    return sum([...partners.values()].map((count) => count - 1))
  }
  return [surplus('segmentation'), surplus('groundtruth')]
}

/** A number as C++ streams print it: six significant digits. */
export function sixDigits(value: number): string {
  if (value === 0) return '0'
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  if (exponent < -4 || exponent >= 6)
    return value
      .toExponential(5)
      .replace(/\.?0+e/, 'e')
      .replace(/e([+-])(\d)$/, 'e$10$2')
  return String(Number(value.toPrecision(6)))
}
