import { chunkflowError, type Dtype, type LayerType, type VariableType } from '@chunkflow/sdk'
import { parseChannels } from './channels.js'
import type { CutoutOptions } from './cutout.js'

interface LoadOptions extends CutoutOptions {
  readonly dtype: Dtype | undefined
  readonly layerType: LayerType | undefined
  readonly channels: string | undefined
  readonly zeroFilling: boolean
}

/** What the options of load-h5 say of its chunk before the file is seen. @throws hdf5-options */
export function inferLoaded(options: LoadOptions): VariableType {
  const { dtype, layerType, cutoutStart, cutoutStop, cutoutSize, zeroFilling } = options
  if (zeroFilling && dtype === undefined)
    throw chunkflowError('hdf5-options', '--zero-filling needs to know the element type', {
      fix: 'give --dtype',
    })
  if (cutoutSize?.includes(0))
    throw chunkflowError('hdf5-options', `A cutout of ${cutoutSize.join(' ')} voxels is empty`, {
      fix: 'give sizes z y x; a negative one means to the end of the axis',
    })
  if (cutoutStart?.some((start, axis) => start >= (cutoutStop?.[axis] ?? Number.POSITIVE_INFINITY)))
    throw chunkflowError(
      'hdf5-options',
      `A cutout from ${cutoutStart.join(' ')} to ${cutoutStop?.join(' ')} is empty`,
      { fix: 'the stop is excluded and lies behind the start on every axis' },
    )
  const channels = options.channels === undefined ? undefined : parseChannels(options.channels)
  return {
    kind: 'chunk',
    ...(dtype === undefined ? {} : { dtype }),
    ...(channels === undefined ? {} : { rank: channels.single ? 3 : 4 }),
    ...(layerType === undefined ? {} : { layerType, layerTypeDeclared: true }),
  }
}
