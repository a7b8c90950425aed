import {
  type BoundingBox,
  boundingBox,
  boxContains,
  type Chunk,
  ceilDivideZyx,
  channelCount,
  channelOf,
  chunkBox,
  chunkflowError,
  describeChunk,
  divideZyx,
  eachService,
  floorDivide,
  floorDivideZyx,
  formatBox,
  formatFlag,
  isBigDtype,
  type Logger,
  type ServiceFamily,
  spatialSize,
  type Volume,
  type VolumeFormat,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'

/** Which voxels of a result are wanted. Boxes are in voxels of the result, in global coordinates. */
export interface OutputMask {
  /** False when the mask removes every voxel of the box. The box may reach beyond the result. */
  wants(box: BoundingBox): boolean
  /** Sets every removed voxel to 0, in all channels, in place. */
  apply(chunk: Chunk): void
}

/**
 * @param mask any dtype, 3-D or its first channel; a voxel covers `factor` voxels of the result; 0 removes
 * @param inverse other values than 0 remove
 * @param target where the result lies
 * @throws mask-mismatch when the mask does not cover the result
 */
export function outputMask(
  mask: Chunk,
  factor: Zyx,
  target: BoundingBox,
  { inverse }: { readonly inverse: boolean },
): OutputMask {
  const covered = chunkBox(mask)
  const needed = maskBox(target, factor)
  if (!boxContains(covered, needed))
    throw chunkflowError(
      'mask-mismatch',
      `The mask ${describeChunk(mask)} covers ${formatBox(covered)}, the result needs ${formatBox(needed)} of it (${formatFlag(factor)} voxels to one, zyx)`,
      { fix: 'load a larger part of the mask' },
    )
  const survives = survivors(channelCount(mask) === 1 ? mask : channelOf(mask, 0), inverse)
  const [, sizeY, sizeX] = spatialSize(mask)
  const [z0, y0, x0] = covered.start
  const rowOf = (z: number, y: number): number => ((z - z0) * sizeY + y - y0) * sizeX - x0
  return {
    wants(box) {
      const { start, stop } = maskBox(clip(box, target), factor)
      for (let z = start[0]; z < stop[0]; z++)
        for (let y = start[1]; y < stop[1]; y++) {
          const row = rowOf(z, y)
          if (survives.subarray(row + start[2], row + stop[2]).includes(1)) return true
        }
      return false
    },
    apply(chunk) {
      const [planes, rows, width] = spatialSize(chunk)
      const offset = chunk.voxelOffset
      const data = chunk.data as Float32Array
      for (let z = 0; z < planes; z++)
        for (let y = 0; y < rows; y++) {
          const row = rowOf(floorDivide(z + offset[0], factor[0]), floorDivide(y + offset[1], factor[1]))
          for (const [from, to] of removedRuns(survives, row, offset[2], width, factor[2]))
            for (let channel = 0; channel < channelCount(chunk); channel++) {
              const first = ((channel * planes + z) * rows + y) * width
              data.fill(0, first + from, first + to)
            }
        }
    },
  }
}

/** Runs [from, to) of a row of the result that the mask removes. */
function* removedRuns(
  survives: Uint8Array,
  row: number,
  offsetX: number,
  width: number,
  factorX: number,
): Generator<readonly [number, number]> {
  let from = -1
  for (let x = 0; x < width; ) {
    const place = floorDivide(x + offsetX, factorX)
    const removed = survives[row + place] === 0
    if (removed && from < 0) from = x
    if (!removed && from >= 0) {
      yield [from, x]
      from = -1
    }
    x = (place + 1) * factorX - offsetX
  }
  if (from >= 0) yield [from, width]
}

/** One byte a voxel, 1 where results are kept. */
function survivors({ data, dtype }: Chunk, inverse: boolean): Uint8Array {
  const kept = inverse ? 0 : 1
  const zero = isBigDtype(dtype) ? 0n : 0
  // float16 minus zero has a bit set
  const isZero =
    dtype === 'float16' ? (value: number | bigint) => ((value as number) & 0x7fff) === 0 : undefined
  const result = new Uint8Array(data.length)
  for (let index = 0; index < result.length; index++) {
    const value = data[index]!
    result[index] = (isZero === undefined ? value === zero : isZero(value)) ? 1 - kept : kept
  }
  return result
}

const clip = (box: BoundingBox, target: BoundingBox): BoundingBox => {
  const start = box.start.map((value, axis) => Math.max(value, target.start[axis]!))
  const stop = box.stop.map((value, axis) => Math.max(start[axis]!, Math.min(value, target.stop[axis]!)))
  return boundingBox(start as unknown as Zyx, stop as unknown as Zyx)
}

/** The mask voxels that touch a box. */
const maskBox = ({ start, stop }: BoundingBox, factor: Zyx): BoundingBox =>
  boundingBox(floorDivideZyx(start, factor), ceilDivideZyx(stop, factor))

/**
 * How many voxels of the result a mask voxel covers.
 * @param fallback when a voxel size is unknown
 * @throws mask-mismatch
 */
export function maskFactor(voxelSize: Zyx | null, maskVoxelSize: Zyx | null, fallback: Zyx): Zyx {
  const factor = voxelSize === null || maskVoxelSize === null ? fallback : divideZyx(maskVoxelSize, voxelSize)
  if (factor.every((value) => Number.isInteger(value) && value >= 1)) return factor
  throw chunkflowError(
    'mask-mismatch',
    `Mask voxels of ${formatFlag(maskVoxelSize ?? factor)} are no whole number of voxels of ${formatFlag(voxelSize ?? zyx(1, 1, 1))} (zyx)`,
    { fix: 'choose another --mask-mip, or a mask that is as fine as the chunk or coarser' },
  )
}

/** Opens the volume that holds masks. @throws mask-missing */
export async function openMaskVolume(
  volumes: ServiceFamily<VolumeFormat>,
  path: string,
  logger: Logger,
): Promise<Volume> {
  for await (const format of eachService(volumes, logger)) {
    if (!(await format.matches(path))) continue
    const volume = await format.open(path)
    if (volume !== null) return volume
  }
  throw chunkflowError('mask-missing', `There is no mask volume at ${path}`, {
    fix: 'check --mask-volume-path; create-info makes a volume',
  })
}

/**
 * Reads the part of a mask volume that belongs to a result.
 * @param globalMip scale of the result, used where its voxel size is unknown: each mip then halves y and x
 * @throws mask-missing, mask-mismatch
 */
export async function readMaskVolume(
  volume: Volume,
  target: BoundingBox,
  voxelSize: Zyx | null,
  options: { mip: number; globalMip: number; inverse: boolean; signal: AbortSignal },
): Promise<OutputMask> {
  const { mip, globalMip, signal } = options
  const scale = volume.description.scales.find((candidate) => candidate.mip === mip)
  if (scale === undefined)
    throw chunkflowError('mask-missing', `${volume.description.url} has no mip ${mip}`, {
      fix: `its mips are ${volume.description.scales.map((candidate) => candidate.mip).join(', ')} (--mask-mip)`,
    })
  const halvings = 2 ** (mip - globalMip)
  const factor = maskFactor(voxelSize, scale.voxelSizeNm, zyx(1, halvings, halvings))
  const chunk = await volume.read({ mip, box: maskBox(target, factor), fillMissing: true, signal })
  return outputMask(chunk, factor, target, options)
}
