import { chunkflowError } from '@chunkflow/sdk'
import type { NrrdHeader } from './header.js'

/** Axes of the file, fastest first, when it does not name them. */
export type AxisOrder = 'xyz' | 'zyx'
export const AXIS_ORDERS = ['xyz', 'zyx'] as const

export type AxisName = 'c' | 'z' | 'y' | 'x'

/** What the axes of a file are to a chunk. */
export interface ChunkAxes {
  /** Fastest first, as in the file. */
  readonly names: readonly AxisName[]
  /** (c)zyx. */
  readonly shape: readonly number[]
}

/** Kinds of axes along which samples are taken; along all others stand the components of one sample. */
const SAMPLED = new Set(['domain', 'space', 'time', '???', 'none'])

/**
 * Finds the channel axis (by its label, kind, or direction), and names the others by their labels, or by an order.
 * @param order beats the labels
 * @throws nrrd-options for arrays that are no chunk
 */
export function chunkAxes(
  { sizes, labels, kinds, spaceDirections }: NrrdHeader,
  path: string,
  order?: AxisOrder,
): ChunkAxes {
  const dimension = sizes.length
  const label = (axis: number): string => labels?.[axis]?.trim().toLowerCase() ?? ''
  const marked = [...sizes.keys()].filter(
    (axis) =>
      /^(c|channel|channels)$/.test(label(axis)) ||
      !SAMPLED.has(kinds?.[axis]?.toLowerCase() ?? '???') ||
      (spaceDirections !== undefined && spaceDirections[axis] === null),
  )
  // C order of the Python release: its first axis, the channels, is the fastest in the file
  const channels = marked.length === 0 && dimension === 4 ? [order === 'zyx' ? 0 : 3] : marked
  const spatial = [...sizes.keys()].filter((axis) => !channels.includes(axis))
  if (channels.length > 1 || spatial.length < 2 || spatial.length > 3)
    throw chunkflowError(
      'nrrd-options',
      `${path} has ${spatial.length} axes in space and ${channels.length} other ones (${sizes.join(' × ')}, fastest first); a chunk has 2 or 3, and one of channels`,
      { fix: 'take a part of it: unu slice, unu crop or unu axmerge' },
    )
  const labelled = spatial.map(label)
  const named =
    order === undefined &&
    labelled.every((name) => /^[xyz]$/.test(name)) &&
    new Set(labelled).size === labelled.length &&
    // two axes are a section
    (labelled.length === 3 || !labelled.includes('z'))
  const [fastest, middle, slowest] = order === 'zyx' ? 'zyx' : 'xyz'
  const assumed =
    spatial.length === 3 ? [fastest, middle, slowest] : order === 'zyx' ? ['y', 'x'] : ['x', 'y']
  const names = [...sizes.keys()].map((axis) => {
    const place = spatial.indexOf(axis)
    return (place < 0 ? 'c' : named ? labelled[place] : assumed[place]) as AxisName
  })
  const size = (name: AxisName): number => sizes[names.indexOf(name)] ?? 1
  const shape = [size('z'), size('y'), size('x')]
  return { names, shape: names.includes('c') ? [size('c'), ...shape] : shape }
}
