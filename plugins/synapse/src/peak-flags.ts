import { chunkflowError, flag } from '@chunkflow/sdk'
import type { PeakOptions } from './kernels/peaks.js'

/** Flags of operators that detect peaks. */
export const peakFlags = {
  minDistance: flag.integer({
    char: 'd',
    aliases: ['min_distance'],
    default: 15,
    minimum: 1,
    summary: 'voxels between points, and between a point and the faces of the chunk',
  }),
  thresholdRel: flag.number({
    char: 't',
    aliases: ['threshold_rel'],
    default: 0.3,
    summary: 'lowest value of a point, of the maximum above the mean; between 0 and 1',
  }),
  maximumPoints: flag.integer({
    char: 'm',
    minimum: 1,
    defaultText: 'all',
    summary: 'keep so many of the strongest',
  }),
} as const

interface Given {
  readonly minDistance: number
  readonly thresholdRel: number
  readonly maximumPoints: number | undefined
}

/** @throws synapses-options */
export function requirePeakOptions({ thresholdRel }: Given): void {
  if (!(thresholdRel > 0 && thresholdRel < 1))
    throw chunkflowError('synapses-options', `--threshold-rel is ${thresholdRel}`, {
      fix: 'give a number between 0 and 1',
    })
}

export const peakOptions = ({ minDistance, thresholdRel, maximumPoints }: Given): PeakOptions => ({
  minDistance,
  thresholdRel,
  maximumPeaks: maximumPoints,
})
