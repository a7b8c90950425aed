import { type Dtype, isDtype, type TypedArray, type Zyx } from '@chunkflow/kernel/authoring'

/** Numbers in C order on any number of axes. The value of variables of the kind `array`. */
export interface PlainArray {
  readonly shape: readonly number[]
  readonly dtype: Dtype
  readonly data: TypedArray
}

/** The value of variables of the kind `points`. */
export interface Points {
  /** N × 3 voxels z y x. */
  readonly points: PlainArray
  /** nm, z y x. */
  readonly voxelSize: Zyx
}

/**
 * The value of variables of the kind `synapses`: presynapses (T-bars) and the postsynapses that belong to them. Lists of
 * confidences and users have one entry a row, and are absent when nothing is known.
 */
export interface Synapses {
  /** N × 3 int32, voxels z y x. */
  readonly pre: PlainArray
  /** M × 4 int32: the row in `pre`, counted from 0, then voxels z y x. */
  readonly post: PlainArray | null
  /** nm of a voxel, z y x. */
  readonly resolution: Zyx
  /** In [0, 1]. */
  readonly preConfidence?: Float32Array | undefined
  readonly postConfidence?: Float32Array | undefined
  /** Names of those who marked synapses. */
  readonly users?: readonly string[] | undefined
  /** Indices into `users`; -1 for unknown. */
  readonly preUsers?: Int32Array | undefined
  readonly postUsers?: Int32Array | undefined
}

/** The centre line of one object: a forest. */
export interface Skeleton {
  /** N × 3 float32, nm z y x. */
  readonly vertices: PlainArray
  /** M × 2 uint32, rows of `vertices`. */
  readonly edges: PlainArray
  /** nm from each vertex to the object's surface. */
  readonly radii?: Float32Array | undefined
}

/** The value of variables of the kind `skeletons`: one an object, by its id. */
export type Skeletons = ReadonlyMap<bigint, Skeleton>

export const isPlainArray = (value: unknown): value is PlainArray =>
  typeof value === 'object' &&
  value !== null &&
  'dtype' in value &&
  isDtype(value.dtype) &&
  'shape' in value &&
  Array.isArray(value.shape) &&
  'data' in value &&
  ArrayBuffer.isView(value.data)

/** Whether a value is a plain array of rows of so many numbers. */
const hasRows = (value: unknown, columns: number): value is PlainArray =>
  isPlainArray(value) &&
  value.shape.length === 2 &&
  value.shape[1] === columns &&
  value.data.length === value.shape[0]! * columns

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

export const isPoints = (value: unknown): value is Points =>
  isRecord(value) && hasRows(value.points, 3) && Array.isArray(value.voxelSize)

export const isSynapses = (value: unknown): value is Synapses =>
  isRecord(value) &&
  hasRows(value.pre, 3) &&
  (value.post === null || hasRows(value.post, 4)) &&
  Array.isArray(value.resolution)

export const isSkeletons = (value: unknown): value is Skeletons =>
  value instanceof Map &&
  [...value].every(
    ([id, skeleton]) =>
      typeof id === 'bigint' &&
      isRecord(skeleton) &&
      hasRows(skeleton.vertices, 3) &&
      hasRows(skeleton.edges, 2),
  )
