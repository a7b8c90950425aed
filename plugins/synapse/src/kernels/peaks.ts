import {
  astype,
  type Chunk,
  channelCount,
  chunkflowError,
  type ProgressBar,
  productZyx,
  spatialSize,
  squeezeChannel,
} from '@chunkflow/sdk'
import { type ComputeServices, computeOptions } from '@chunkflow/sdk/numerics'
import { farApart } from './far-apart.js'
import base64 from './peaks.wasm.js'

export interface PeakOptions {
  /** Half width of the cube a peak is the maximum of, its distance from the faces of the chunk and from other peaks; voxels. */
  readonly minDistance: number
  /** Of the highest value above the mean, in (0, 1). */
  readonly thresholdRel: number
  /** The strongest ones are kept. */
  readonly maximumPeaks?: number | undefined
}

export interface Peaks {
  /** N × 3 z y x, voxels of the chunk counted from 0; the strongest peak first. */
  readonly places: Int32Array
  /** (value − mean) / (maximum − mean), in (0, 1]. */
  readonly confidences: Float32Array
}

const NONE: Peaks = { places: new Int32Array(0), confidences: new Float32Array(0) }
/** Taken by the kernel for planes that wait for their block. A strip has twice as many rows as its border at least. */
const STRIP_BYTES = 96 * 2 ** 20
const PIECE_ELEMENTS = 2 ** 20

export interface PeakServices extends ComputeServices {
  /** Memory for planes, for tests. */
  readonly stripBytes?: number
}

/**
 * Peaks of a map (specification 6.15): with p = max(v − mean, 0) / max, voxels with p above the threshold that are the maximum
 * of the cube around them and far from the faces, the strongest first, none close to a stronger one. Of equal ones the first
 * in scan order counts as stronger.
 * @param map 3-D, or with one channel; uint8 or float
 * @throws points-map
 */
export async function findPeaks(
  map: Chunk,
  { minDistance, thresholdRel, maximumPeaks = Infinity }: PeakOptions,
  services: PeakServices,
  bar?: Pick<ProgressBar, 'advance'>,
): Promise<Peaks> {
  requireMap(map)
  const flat = squeezeChannel(map)
  const chunk = flat.dtype === 'uint8' ? flat : astype(flat, 'float32')
  const values = chunk.data as Uint8Array | Float32Array
  const size = spatialSize(chunk)
  if (size.some((length) => length < 2 * minDistance + 1) || productZyx(size) === 0) return NONE
  const { mean, maximum } = await statisticsOf(values, services)
  if (!(maximum > mean)) return NONE
  const strength = (value: number): number => (value - mean) / (maximum - mean)
  // a little low: rounding must lose none; exact below
  const lowest = mean + thresholdRel * (maximum - mean) * (1 - 1e-9) - 1e-9 * Math.abs(mean)
  const { places, found } = await candidates(values, size, minDistance, lowest, services, bar)
  const strengths = found.map(strength)
  const strong = Array.from(strengths.keys()).filter((index) => strengths[index]! > thresholdRel)
  const kept = farApart(places, strengths, strong, minDistance, maximumPeaks)
  return {
    places: Int32Array.from(kept.flatMap((index) => [...places.subarray(index * 3, index * 3 + 3)])),
    confidences: Float32Array.from(kept, (index) => strengths[index]!),
  }
}

const MAP_DTYPES: ReadonlySet<string> = new Set(['uint8', 'float16', 'float32', 'float64'])

/** @throws points-map as far as the type is known */
export function requireMap({ dtype, shape }: Partial<Pick<Chunk, 'dtype' | 'shape'>>): void {
  const channels = shape === undefined ? 1 : channelCount({ shape })
  if (channels !== 1)
    throw chunkflowError('points-map', `Points are detected in one map, not in ${channels} channels`, {
      fix: 'take one channel: load it with --channels, or vote and quantize first',
    })
  if (dtype !== undefined && !MAP_DTYPES.has(dtype))
    throw chunkflowError('points-map', `Points are detected in uint8 or float maps, not in ${dtype}`, {
      fix: 'give the probability map of the network',
    })
}

const bitsOf = (values: Uint8Array | Float32Array): 8 | 32 => (values instanceof Uint8Array ? 8 : 32)

async function statisticsOf(
  values: Uint8Array | Float32Array,
  services: ComputeServices,
): Promise<{ mean: number; maximum: number }> {
  const session = await services.compute.open({ name: 'peaks', base64 }, computeOptions(services))
  const out = new Float64Array(new SharedArrayBuffer(16))
  let sum = 0
  let maximum = -Infinity
  try {
    for (let from = 0; from < values.length; from += PIECE_ELEMENTS) {
      const piece = values.subarray(from, from + PIECE_ELEMENTS)
      const args = [{ in: piece }, piece.length, { out }]
      await session.call({ export: `total${bitsOf(values)}`, args })
      sum += out[0]!
      maximum = Math.max(maximum, out[1]!)
    }
  } finally {
    await session.close()
  }
  const mean = sum / values.length
  if (!Number.isFinite(mean))
    throw chunkflowError('points-map', 'The map contains NaN or infinite values', {
      fix: 'look at the input of the network: one voxel that is no number spoils all it touches',
    })
  return { mean, maximum }
}

/** Maxima of their cubes from a value on. */
async function candidates(
  values: Uint8Array | Float32Array,
  [depth, height, width]: readonly [number, number, number],
  reach: number,
  lowest: number,
  services: PeakServices,
  bar: Pick<ProgressBar, 'advance'> | undefined,
): Promise<{ places: Int32Array; found: number[] }> {
  const coordinates: number[] = []
  const found: number[] = []
  const plane = height * width
  const rowBytes = width * values.BYTES_PER_ELEMENT
  const affordable = Math.floor((services.stripBytes ?? STRIP_BYTES) / (rowBytes * (2 * reach + 4)))
  const lines = Math.min(height - 2 * reach, Math.max(2 * reach, affordable, 1))
  for (let top = 0; top < height - 2 * reach; top += lines) {
    const rows = Math.min(lines, height - 2 * reach - top) + 2 * reach
    const stripOf = (z: number) => values.subarray(z * plane + top * width, z * plane + (top + rows) * width)
    const session = await services.compute.open({ name: 'peaks', base64 }, computeOptions(services))
    try {
      // two planes, or the places of all voxels
      const pieceBytes = Math.max(2 * (rows * rowBytes + 16), rows * width * 4 + 16)
      const begin = [{ heap: true }, pieceBytes, values.BYTES_PER_ELEMENT, rows, width, reach] as const
      if ((await session.call({ export: 'begin', args: begin })) === 0)
        throw chunkflowError('points-map', `Sections of ${height}×${width} voxels are too large`, {
          fix: 'detect points in smaller chunks, or with a smaller --min-distance',
        })
      for (let z = 0; z < depth; z++) {
        const middle = z - reach
        const args = [{ in: stripOf(z) }, { in: stripOf(Math.max(0, middle)) }, lowest]
        const count = Number(await session.call({ export: `push${bitsOf(values)}`, args })) >>> 0
        if (count > 0) await collect(session, count, middle, top, stripOf(middle))
        bar?.advance(Math.min(lines, height - 2 * reach - top) * width)
      }
    } finally {
      await session.close()
    }
  }
  return { places: Int32Array.from(coordinates), found }

  async function collect(
    session: {
      call(call: { export: string; args: readonly (number | { out: Uint32Array })[] }): Promise<unknown>
    },
    count: number,
    z: number,
    top: number,
    strip: Uint8Array | Float32Array,
  ): Promise<void> {
    const out = new Uint32Array(new SharedArrayBuffer(count * 4))
    await session.call({ export: 'read', args: [{ out }, count] })
    for (const place of out) {
      coordinates.push(z, top + Math.floor(place / width), place % width)
      found.push(strip[place]!)
    }
  }
}
