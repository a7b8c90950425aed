import {
  type BoundingBox,
  boundingBox,
  type Chunk,
  ceilDivideZyx,
  chunkBox,
  chunkflowError,
  cutout,
  divideZyx,
  everyAxis,
  floorDivideZyx,
  formatBox,
  intersectBoxes,
  multiplyZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { type ComputeServices, downsampleChunk } from '@chunkflow/sdk/numerics'
import { hasBlackBox } from './kernels/black-box.js'
import type { PrecomputedVolume } from './volume/format.js'
import { scaleOf } from './volume/info.js'

const HALVING: Zyx = [1, 2, 2]

/**
 * Checks a chunk that was read (specification 6.10): no box of zeros as lost blocks leave it, and equal to a coarser scale of the volume
 * after halving y and x from mip to mip, truncating at each.
 * @throws volume-inconsistent, flag-invalid when the scale to compare with is finer
 */
export async function validateChunk(
  chunk: Chunk,
  volume: PrecomputedVolume,
  mips: { readonly chunkMip: number; readonly validateMip: number },
  services: ComputeServices,
): Promise<void> {
  const { chunkMip, validateMip } = mips
  const where = volume.storage.root
  if (validateMip < chunkMip)
    throw chunkflowError('flag-invalid', `--validate-mip ${validateMip} is finer than mip ${chunkMip}`, {
      where,
      fix: 'validate against a coarser scale',
    })
  // zeros beyond the volume are no loss
  const inside = intersectBoxes(chunkBox(chunk), scaleOf(volume.info, chunkMip, where).box)
  if (inside === null) return
  if (hasBlackBox(cutout(chunk, inside)))
    throw inconsistent(`Chunk ${formatBox(chunkBox(chunk))} has a box of zeros with sharp faces`, where)
  const factor = zyx(1, 2 ** (validateMip - chunkMip), 2 ** (validateMip - chunkMip))
  const region = alignedInside(inside, factor)
  if (region === null) return
  let coarse = cutout(chunk, region)
  for (let mip = chunkMip; mip < validateMip; mip++) coarse = await downsampleChunk(coarse, HALVING, services)
  const box = boundingBox(divideZyx(region.start, factor), divideZyx(region.stop, factor))
  const signal = services.signal === undefined ? {} : { signal: services.signal }
  const stored = await volume.read({ mip: validateMip, box, fillMissing: true, ...signal })
  const differing = stored.data.findIndex(
    (value: number | bigint, index: number) => value !== coarse.data[index],
  )
  if (differing >= 0)
    throw inconsistent(
      `Chunk ${formatBox(chunkBox(chunk))}, averaged to mip ${validateMip}, differs from the volume there`,
      where,
    )
}

const inconsistent = (what: string, where: string) =>
  chunkflowError('volume-inconsistent', what, {
    where,
    fix: 'write the missing blocks again, or make the coarser scales anew with downsample-upload',
    retryable: true,
  })

/** The largest part of a box whose corners are multiples of the factor. */
function alignedInside(box: BoundingBox, factor: Zyx): BoundingBox | null {
  const start = multiplyZyx(ceilDivideZyx(box.start, factor), factor)
  const stop = multiplyZyx(floorDivideZyx(box.stop, factor), factor)
  return everyAxis(start, stop, (low, high) => low < high) ? boundingBox(start, stop) : null
}
