import {
  allocate,
  type Chunk,
  chunkflowError,
  createChunk,
  type Dtype,
  describeChunk,
  isFloat,
  looksLikeSegmentation,
  spatialSize,
  squeezeChannel,
  type TypedArray,
  type Zyx,
} from '@chunkflow/kernel/authoring'
import type { ComputeServices } from './compute-services.js'
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
 * {@link connectedComponents} on a bare array.
 * @param data C order, any integer dtype or bool; 64-bit values are compared exactly
 */
export async function labelComponents(
  data: TypedArray,
  _dtype: Dtype,
  shapeZyx: Zyx,
  connectivity: Connectivity,
  _services: ComputeServices,
): Promise<ComponentLabels> {
  const [nz, ny, nx] = shapeZyx
  const labels = allocate('uint32', data.length) as Uint32Array
  const parent: number[] = [0]
  const find = (label: number): number => {
    while (parent[label] !== label) label = parent[label] = parent[parent[label]!]!
    return label
  }
  const behind = neighboursBehind(connectivity)
  const zero = typeof data[0] === 'bigint' ? 0n : 0
  let index = 0
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++, index++) {
        const value = data[index]!
        if (value === zero) continue
        let label = 0
        for (const [dz, dy, dx] of behind) {
          if (z + dz < 0 || y + dy < 0 || y + dy >= ny || x + dx < 0 || x + dx >= nx) continue
          const other = index + (dz * ny + dy) * nx + dx
          if (data[other] !== value) continue
          const root = find(labels[other]!)
          if (label === 0) label = root
          else if (root < label) label = parent[label] = root
          else parent[root] = label
        }
        if (label === 0) label = parent.push(parent.length) - 1
        labels[index] = label
      }
  let count = 0
  for (let label = 1; label < parent.length; label++)
    parent[label] = parent[label] === label ? ++count : parent[parent[label]!]!
  for (index = 0; index < labels.length; index++) labels[index] = parent[labels[index]!]!
  return { labels, count }
}

/** Offsets z y x of the neighbours that come before a voxel in scan order. */
function neighboursBehind(connectivity: Connectivity): Zyx[] {
  const reach = { 6: 1, 18: 2, 26: 3 }[connectivity]
  const offsets: Zyx[] = []
  for (let dz = -1; dz <= 0; dz++)
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++)
        if (dz * 9 + dy * 3 + dx < 0 && Math.abs(dz) + Math.abs(dy) + Math.abs(dx) <= reach)
          offsets.push([dz, dy, dx])
  return offsets
}
