import {
  type BoundingBox,
  boundingBox,
  boxSize,
  ceilDivideZyx,
  channelCount,
  channelOf,
  chunkflowError,
  divideZyx,
  everyAxis,
  floorDivideZyx,
  formatBox,
  formatFlag,
  multiplyZyx,
  type ReadVolumeOptions,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { binarise, type Mask } from './kernels/mask-voxels.js'
import type { PrecomputedVolume } from './volume/format.js'
import { scaleOf } from './volume/info.js'

/** How many voxels a mask voxel covers, z y x, and where the mask is read. */
export interface MaskGeometry {
  readonly factor: Zyx
  readonly box: BoundingBox
}

/**
 * Which region of a mask belongs to a box of finer voxels (specification 6.2).
 * @param voxelSize of the box, nm z y x; null when unknown: then each mip halves y and x
 * @throws mask-mismatch when a mask voxel is no whole number of voxels, or the box no whole number of mask voxels
 */
export function maskGeometry(
  box: BoundingBox,
  voxelSize: Zyx | null,
  mask: { readonly volume: PrecomputedVolume; readonly mip: number },
  globalMip: number,
): MaskGeometry {
  const where = `${mask.volume.storage.root}, mip ${mask.mip}`
  const { voxelSizeNm } = scaleOf(mask.volume.info, mask.mip, mask.volume.storage.root)
  const halvings = 2 ** (mask.mip - globalMip)
  const factor = voxelSize === null ? zyx(1, halvings, halvings) : divideZyx(voxelSizeNm, voxelSize)
  if (!factor.every((value) => Number.isInteger(value) && value >= 1))
    throw chunkflowError(
      'mask-mismatch',
      voxelSize === null
        ? `A mask at mip ${mask.mip} is finer than the chunk at mip ${globalMip}`
        : `Mask voxels of ${formatFlag(voxelSizeNm)} nm are no whole number of voxels of ${formatFlag(voxelSize)} nm (zyx)`,
      { where, fix: 'choose another --mip of the mask; the global --mip tells the scale of the chunk' },
    )
  const [start, stop] = [divideZyx(box.start, factor), divideZyx(box.stop, factor)]
  if (![...start, ...stop].every(Number.isInteger))
    throw chunkflowError(
      'mask-mismatch',
      `Box ${formatBox(box)} of ${formatFlag(boxSize(box))} voxels cannot be divided by the mask's factor ${formatFlag(factor)} (zyx)`,
      { where, fix: whatFits(box, voxelSize, factor, mask) },
    )
  return { factor, box: boundingBox(start, stop) }
}

/** The nearest boxes that consist of whole mask voxels, and the coarsest scale of the mask that fits the box as it is. */
function whatFits(
  box: BoundingBox,
  voxelSize: Zyx | null,
  factor: Zyx,
  { volume, mip }: { readonly volume: PrecomputedVolume; readonly mip: number },
): string {
  const boxOfMask = (start: Zyx, stop: Zyx): BoundingBox | null =>
    everyAxis(start, stop, (low, high) => low < high)
      ? boundingBox(multiplyZyx(start, factor), multiplyZyx(stop, factor))
      : null
  const around = boxOfMask(floorDivideZyx(box.start, factor), ceilDivideZyx(box.stop, factor))
  const inside = boxOfMask(ceilDivideZyx(box.start, factor), floorDivideZyx(box.stop, factor))
  const boxes = [inside, around].filter((candidate) => candidate !== null)
  const finer = volume.info.scales.slice(0, mip).findLast(({ voxelSizeNm }) => {
    if (voxelSize === null) return false
    const ratio = divideZyx(voxelSizeNm, voxelSize)
    const parts = [...ratio, ...divideZyx(box.start, ratio), ...divideZyx(box.stop, ratio)]
    return parts.every(Number.isInteger) && ratio.every((value) => value >= 1)
  })
  const fitting = boxes.map((candidate) => `${formatFlag(boxSize(candidate))} (${formatBox(candidate)})`)
  return [
    `boxes that fit start and end at multiples of ${formatFlag(factor)}: sizes ${fitting.join(' or ')}`,
    ...(finer === undefined ? [] : [`--mip ${finer.mip} of the mask fits this box`]),
  ].join('; ')
}

/** The mask over a region as bytes, 1 where voxels survive; only the first channel counts. */
export async function readMask(
  volume: PrecomputedVolume,
  box: BoundingBox,
  options: Pick<ReadVolumeOptions, 'mip' | 'fillMissing' | 'cacheBytes' | 'signal'> & { inverse: boolean },
): Promise<Mask> {
  const { inverse, ...reading } = options
  const chunk = await volume.read({ ...reading, box })
  const first = channelCount(chunk) === 1 ? chunk : channelOf(chunk, 0)
  return { data: binarise(first, inverse), size: boxSize(box) }
}
