import { allocate, productZyx, type Zyx } from '@chunkflow/sdk'

/** The raw bump reaches from 1 at the corners to this at the centre. */
const PEAK = 1e6

/**
 * The bump of "wu" patches (specification 4.3): exp(-1/(1-tz^2) - 1/(1-ty^2) - 1/(1-tx^2)) with t from -1 to 1,
 * ends excluded, rescaled to [1, 1e6]. Source: Wu et al. 2021, Chunkflow, Nature Methods 18.
 * @returns (z, y, x) float64
 */
export function bump(size: Zyx): Float64Array {
  const [z, y, x] = size.map(exponents) as [Float64Array, Float64Array, Float64Array]
  const values = new Float64Array(productZyx(size))
  let lowest = Number.POSITIVE_INFINITY
  let highest = 0
  let index = 0
  for (const first of z)
    for (const second of y)
      for (const third of x) {
        const value = Math.exp(first + second + third)
        if (value < lowest) lowest = value
        if (value > highest) highest = value
        values[index++] = value
      }
  if (lowest === highest) return values.fill(1)
  const scale = (PEAK - 1) / (highest - lowest)
  for (index = 0; index < values.length; index++) values[index] = 1 + (values[index]! - lowest) * scale
  return values
}

const exponents = (count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, index) => {
    const t = (2 * (index + 1)) / (count + 1) - 1
    return -1 / (1 - t * t)
  })

/**
 * Weights of one patch that add up to 1 with those of its 26 neighbours: the bump divided by the sum of itself at all
 * neighbouring positions of the grid. Exactly 1 where no neighbour reaches.
 * @param size of output patches
 * @param overlap of output patches; above half the size the sum lacks the neighbours after next
 * @returns (z, y, x) float32 on shared memory
 */
export function patchWeights(size: Zyx, overlap: Zyx): Float32Array {
  const own = bump(size)
  // the sum over 3 x 3 x 3 positions is a sum over three shifts along x, then y, then z
  let sum: Float64Array = own
  for (const axis of [2, 1, 0] as const) sum = addShifted(sum, size, axis, size[axis] - overlap[axis])
  const weights = allocate('float32', own.length) as Float32Array
  for (let index = 0; index < own.length; index++) weights[index] = own[index]! / sum[index]!
  return weights
}

/** v[i] + v[i - shift] + v[i + shift] along one axis, nothing outside. */
function addShifted(values: Float64Array, size: Zyx, axis: 0 | 1 | 2, shift: number): Float64Array {
  const result = values.slice()
  const step = axis === 2 ? 1 : axis === 1 ? size[2] : size[1] * size[2]
  const period = step * size[axis]
  const reach = step * shift
  for (let block = 0; block < values.length; block += period)
    for (let index = block; index + reach < block + period; index++) {
      result[index]! += values[index + reach]!
      result[index + reach]! += values[index]!
    }
  return result
}
