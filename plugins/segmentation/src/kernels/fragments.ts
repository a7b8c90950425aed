import { chunkflowError } from '@chunkflow/sdk'
import type { ComputeServices } from '@chunkflow/sdk/numerics'
import type { ChannelOrder } from './affinity-channels.js'

/** What the functions on affinity maps work with. */
export interface SegmentationServices extends ComputeServices {
  /** `xyz` unless given. */
  readonly channelOrder?: ChannelOrder | undefined
  /** How much passes through a kernel at once; 16 MiB unless given. */
  readonly slabBytes?: number | undefined
  /** Told how many more sections are done. */
  readonly onSections?: ((count: number) => void) | undefined
}

/** A volume of labels, numbered from 1 on; 0 is background. */
export interface Fragments {
  readonly labels: Uint32Array
  readonly count: number
  /** The id that each number stands for, 0 included; undefined when numbers are ids. */
  readonly ids?: BigUint64Array | undefined
}

/** The error of a kernel that finds no more memory. @param what in the plural */
export const tooLarge = (what: string, fix = 'work on smaller chunks') =>
  chunkflowError('segmentation-too-large', `${what} need more than the 4 GiB WebAssembly can address`, {
    fix,
  })
