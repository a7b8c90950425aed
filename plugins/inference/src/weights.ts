import { allocate, productZyx, type Zyx } from '@chunkflow/sdk'

/** The bump reaches from 1 at the corners to this at the centre. */
const PEAK = 1e6

/**
 * Weights of one output patch that add up to 1 with those of its neighbours (specification 4.3). With t from -1 to 1 along
 * each axis, ends excluded, the bump is exp(-1/(1-tz^2) - 1/(1-ty^2) - 1/(1-tx^2)), rescaled to [1, 1e6]; the weight is the
 * bump divided by the sum of itself at the 27 neighbouring positions of the grid. Source: Wu et al. 2021, Chunkflow,
 * Nature Methods 18.
 *
 * The bump is a product over the axes, rescaled by a line; so is its sum over neighbours, with the number of neighbours
 * that reach a voxel: no array besides the result is needed.
 * @param overlap above half the size the sum lacks the neighbours after next
 * @returns (z, y, x) float32 on shared memory; 1 where no neighbour reaches
 */
export function patchWeights(size: Zyx, overlap: Zyx): Float32Array {
  const [z, y, x] = size.map((count, axis) => axisProfile(count, count - overlap[axis]!)) as [
    AxisProfile,
    AxisProfile,
    AxisProfile,
  ]
  const lowest = z.lowest * y.lowest * x.lowest
  const highest = z.highest * y.highest * x.highest
  const weights = allocate('float32', productZyx(size)) as Float32Array
  const slope = lowest === highest ? 0 : (PEAK - 1) / (highest - lowest)
  const constant = 1 - lowest * slope
  let index = 0
  for (let i = 0; i < size[0]; i++)
    for (let j = 0; j < size[1]; j++) {
      const own = z.own[i]! * y.own[j]! * slope
      const sum = z.sum[i]! * y.sum[j]! * slope
      const reaching = z.reaching[i]! * y.reaching[j]! * constant
      for (let k = 0; k < size[2]; k++)
        weights[index++] = (constant + own * x.own[k]!) / (reaching * x.reaching[k]! + sum * x.sum[k]!)
    }
  return weights
}

interface AxisProfile {
  /** exp(-1/(1-t^2)) along the axis. */
  readonly own: Float64Array
  /** The same with the patches before and after added. */
  readonly sum: Float64Array
  /** How many of the three patches reach a place. */
  readonly reaching: Uint8Array
  readonly lowest: number
  readonly highest: number
}

function axisProfile(count: number, stride: number): AxisProfile {
  const own = Float64Array.from({ length: count }, (_, index) => {
    const t = (2 * (index + 1)) / (count + 1) - 1
    return Math.exp(-1 / (1 - t * t))
  })
  const present = (index: number): readonly number[] =>
    [index, index - stride, index + stride].filter((place) => place >= 0 && place < count)
  return {
    own,
    sum: own.map((_, index) => present(index).reduce((sum, place) => sum + own[place]!, 0)),
    reaching: Uint8Array.from({ length: count }, (_, index) => present(index).length),
    lowest: Math.min(...own),
    highest: Math.max(...own),
  }
}
