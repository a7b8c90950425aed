import {
  type Chunk,
  chunkBox,
  chunkflowError,
  cutout,
  divideZyx,
  equalBoxes,
  equalZyx,
  formatFlag,
  intersectBoxes,
  isChunkflowError,
  isFloat,
  multiplyZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { type ComputeServices, downsampleKindOf, downsamplePyramid } from '@chunkflow/sdk/numerics'
import { conversionTo } from './kernels/convert-dtype.js'
import type { PrecomputedVolume, PrecomputedWriteOptions } from './volume/format.js'
import { addScale, scaleOf, type VolumeInfo } from './volume/info.js'

export interface PyramidOptions {
  /** Undefined: as the volume's own scales say. */
  readonly factor: Zyx | undefined
  readonly chunkMip: number
  readonly startMip: number
  /** Excluded. */
  readonly stopMip: number
}

/** Factor between scales when neither an option nor the volume tells. */
const DEFAULT_FACTOR = zyx(2, 2, 2)

/** @throws flag-invalid unless stop > start > chunk mip */
export function checkMips({ chunkMip, startMip, stopMip }: PyramidOptions): void {
  if (stopMip > startMip && startMip > chunkMip) return
  throw chunkflowError(
    'flag-invalid',
    `Mips ${startMip} to ${stopMip} (excluded) cannot be made from mip ${chunkMip}`,
    { fix: 'give --chunk-mip < --start-mip < --stop-mip' },
  )
}

/** How much coarser a scale is than the one before; null when that is no whole number. */
function factorBetween(info: VolumeInfo, mip: number): Zyx | null {
  const ratio = divideZyx(info.scales[mip]!.voxelSizeNm, info.scales[mip - 1]!.voxelSizeNm)
  const whole = zyx(Math.round(ratio[0]), Math.round(ratio[1]), Math.round(ratio[2]))
  const isWhole = whole.every((value, axis) => value >= 1 && Math.abs(value - ratio[axis]!) < 1e-3)
  return isWhole ? whole : null
}

/**
 * The info with every scale below `stopMip`, and the factor from each mip to the next, from `chunkMip` on. Scales that are missing are
 * as much coarser as the option says, else as the last present one is.
 * @throws volume-mip-missing for the chunk's mip, volume-mismatch when the option contradicts the volume
 */
export function extendInfo(
  present: VolumeInfo,
  { factor, chunkMip, stopMip }: PyramidOptions,
  where: string,
): { info: VolumeInfo; factors: readonly Zyx[] } {
  scaleOf(present, chunkMip, where)
  let info = present
  const factors: Zyx[] = []
  for (let mip = 1; mip < stopMip; mip++) {
    if (mip >= info.scales.length) {
      const last = mip > 1 ? factorBetween(info, mip - 1) : null
      info = addScale(info, factor ?? last ?? DEFAULT_FACTOR, where)
    }
    if (mip <= chunkMip) continue
    const actual = factorBetween(info, mip)
    if (actual === null || (factor !== undefined && !equalZyx(actual, factor)))
      throw chunkflowError(
        'volume-mismatch',
        `Voxels of mip ${mip - 1} measure ${formatFlag(info.scales[mip - 1]!.voxelSizeNm)} nm, of mip ${mip} ${formatFlag(info.scales[mip]!.voxelSizeNm)} nm: no factor of ${factor === undefined ? 'whole numbers' : formatFlag(factor)} (zyx)`,
        { where, fix: 'leave --factor out to follow the volume, or create the volume with other scales' },
      )
    factors.push(actual)
  }
  return { info, factors }
}

/** The part of a chunk inside its volume: zeros beyond are no voxels, and would darken the border of every level. */
export function cropToVolume(chunk: Chunk, { info }: PrecomputedVolume, mip: number): Chunk {
  const box = chunkBox(chunk)
  const inside = intersectBoxes(box, info.scales[mip]!.box)
  // a chunk outside is refused when its levels are checked
  return inside === null || equalBoxes(inside, box) ? chunk : cutout(chunk, inside)
}

/** The coarser levels of a chunk, finest first. Levels of equal factors are made together: their averages are exact. */
export async function makeLevels(
  chunk: Chunk,
  factors: readonly Zyx[],
  layerType: VolumeInfo['layerType'],
  services: ComputeServices,
): Promise<Chunk[]> {
  // labels of few bits are labels all the same
  const kind = layerType === 'segmentation' && !isFloat(chunk.dtype) ? 'mode' : downsampleKindOf(chunk)
  const levels: Chunk[] = []
  for (let first = 0; first < factors.length; ) {
    let last = first + 1
    while (last < factors.length && equalZyx(factors[last]!, factors[first]!)) last += 1
    const from = levels.at(-1) ?? chunk
    levels.push(...(await downsamplePyramid(from, factors[first]!, last - first, services, kind)))
    first = last
  }
  return levels
}

/** What a level is written with. */
export const levelOptions = (level: Chunk, mip: number, volume: PrecomputedVolume) => {
  const conversion = conversionTo(level.dtype, volume.info.dtype)
  return { mip, ...(conversion === null ? {} : { convert: conversion.convert }) }
}

/** Checks that all levels can be written, so that a misaligned one stops the task before the first block. */
export async function checkLevels(
  levels: readonly { readonly chunk: Chunk; readonly mip: number }[],
  factors: readonly Zyx[],
  volume: PrecomputedVolume,
  writing: Pick<PrecomputedWriteOptions, 'allowUnaligned' | 'compression'>,
): Promise<void> {
  for (const { chunk, mip } of levels)
    try {
      await volume.planWrite(chunk, { ...levelOptions(chunk, mip, volume), ...writing })
    } catch (error) {
      if (!isChunkflowError(error) || error.code !== 'volume-misaligned') throw error
      const blocks = levels.map((level) => {
        const total = factors.slice(0, factors.length - levels.length + levels.indexOf(level) + 1)
        return total.reduce(multiplyZyx, volume.info.scales[level.mip]!.blockSize)
      })
      throw chunkflowError('volume-misaligned', error.what, {
        where: error.where.join(', '),
        fix: `use tasks that are multiples of ${formatFlag(blocks.at(-1)!)} voxels (zyx) of the input, a lower --stop-mip, smaller blocks, or --allow-unaligned`,
      })
    }
}
