import {
  allocate,
  type Chunk,
  chunkflowError,
  createChunk,
  type Dtype,
  describeChunk,
  formatSize,
  isFloat,
  looksLikeSegmentation,
  productZyx,
  spatialSize,
  squeezeChannel,
  type TypedArray,
  type Zyx,
} from '@chunkflow/kernel/authoring'
import type { ComputeServices } from './compute-services.js'
import { labelRuns } from './label-runs.js'
import { thresholdChunk } from './threshold.js'

/** Voxels that touch by a face (6), also by an edge (18), also by a corner (26). */
export type Connectivity = 6 | 18 | 26

export interface ConnectedComponentsOptions {
  /** Applied first (strictly above) unless the chunk is 3-D integer other than uint8. */
  readonly threshold?: number | undefined
  readonly connectivity: Connectivity
}

export interface ComponentLabels {
  /** 1..count in z, y, x scan order of each component's first voxel; 0 where the input is 0. */
  readonly labels: Uint32Array
  readonly count: number
}

/**
 * Labels the maximal connected regions of equal non-zero value.
 * @param chunk 3-D, or 4-D with one channel (dropped); floats need a threshold
 * @returns uint32, a segmentation, same offset and voxel size
 * @throws shape-mismatch for several channels, dtype-unsupported for floats without a threshold
 */
export async function connectedComponents(
  chunk: Chunk,
  { threshold, connectivity }: ConnectedComponentsOptions,
  services: ComputeServices,
): Promise<Chunk> {
  const flat = squeezeChannel(chunk)
  const binary =
    threshold !== undefined && !looksLikeSegmentation(flat) ? thresholdChunk(flat, threshold) : flat
  if (isFloat(binary.dtype))
    throw chunkflowError('dtype-unsupported', `${describeChunk(chunk)} has no labels to connect`, {
      fix: 'give --threshold: regions above it are labelled',
    })
  const { labels } = await labelComponents(
    binary.data,
    binary.dtype,
    spatialSize(binary),
    connectivity,
    services,
  )
  const { shape, voxelOffset, voxelSize } = binary
  return createChunk(labels, shape, { dtype: 'uint32', voxelOffset, voxelSize, layerType: 'segmentation' })
}

/**
 * {@link connectedComponents} on a bare array, of any size.
 * @param data C order, an integer dtype or bool; 64-bit values are compared exactly
 * @param options.into takes the labels, as many as `data` has elements; without, an array is made. The first touch of new
 * memory costs as much as the labelling, so repeated work does well to give its own
 * @throws dtype-unsupported for floats, chunk-invalid when a shape or `into` does not fit
 */
export async function labelComponents(
  data: TypedArray,
  dtype: Dtype,
  shapeZyx: Zyx,
  connectivity: Connectivity,
  services: ComputeServices,
  { into }: { readonly into?: Uint32Array } = {},
): Promise<ComponentLabels> {
  if (isFloat(dtype)) throw chunkflowError('dtype-unsupported', `${dtype} values are no labels`)
  if (productZyx(shapeZyx) !== data.length)
    throw chunkflowError('chunk-invalid', `${data.length} elements do not fill ${formatSize(shapeZyx)}`)
  if (into !== undefined && into.length !== data.length)
    throw chunkflowError('chunk-invalid', `${into.length} elements cannot take the labels of ${data.length}`)
  const labels = into ?? (allocate('uint32', data.length) as Uint32Array)
  return { labels, count: await labelRuns({ data, dtype, shapeZyx, connectivity }, labels, services) }
}
