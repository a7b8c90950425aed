import {
  chunkflowError,
  chunkOf,
  type Logger,
  type ServiceFamily,
  type Task,
  type Volume,
  type VolumeFormat,
  zyx,
} from '@chunkflow/sdk'
import { type ChunkJob, outputBox } from './infer-chunk.js'
import { maskFactor, type OutputMask, openMaskVolume, outputMask, readMaskVolume } from './output-mask.js'

export interface MaskOptions {
  readonly maskChunkName: string | undefined
  readonly maskVolumePath: string | undefined
  readonly maskMip: number
  readonly maskInverse: boolean
}

/** @throws flag-invalid when both kinds of mask are given */
export function checkMaskOptions({ maskChunkName, maskVolumePath }: MaskOptions): void {
  if (maskChunkName !== undefined && maskVolumePath !== undefined)
    throw chunkflowError('flag-invalid', 'Give --mask-chunk-name or --mask-volume-path, not both', {
      fix: 'multiply the masks first, or mask the result with the operator mask',
    })
}

/**
 * Finds the mask of a chunk's result: a variable of the task, or a part of a volume, which is opened once.
 * @returns undefined when the options name no mask
 */
export function createMaskFinder(
  options: MaskOptions,
  volumes: ServiceFamily<VolumeFormat>,
  { globalMip, logger }: { readonly globalMip: number; readonly logger: Logger },
): (task: Task, job: ChunkJob, signal: AbortSignal) => Promise<OutputMask | undefined> {
  const { maskChunkName, maskVolumePath, maskMip: mip, maskInverse: inverse } = options
  let opening: Promise<Volume> | undefined
  return async (task, job, signal) => {
    const target = outputBox(job)
    const { voxelSize } = job.chunk
    if (maskChunkName !== undefined) {
      const mask = chunkOf(task, maskChunkName)
      return outputMask(mask, maskFactor(voxelSize, mask.voxelSize, zyx(1, 1, 1)), target, { inverse })
    }
    if (maskVolumePath === undefined) return undefined
    opening ??= openMaskVolume(volumes, maskVolumePath, logger)
    return readMaskVolume(await opening, target, voxelSize, { mip, globalMip, inverse, signal })
  }
}
