import { allocate, chunkflowError, type Dtype } from '@chunkflow/sdk'
import type { Metadata } from 'h5wasm/node'
import { readAttribute } from './attributes.js'
import { dtypeOf } from './element-type.js'
import { absolute, type OpenFile } from './library.js'
import { readInto } from './slabs.js'

/** An array that a chunk can be made of. */
export interface ArrayInfo {
  readonly path: string
  /** 2, 3 or 4 sizes, (c)zyx. */
  readonly shape: readonly number[]
  readonly dtype: Dtype
  /** Shape of the storage chunks; null when the array is stored in one piece. */
  readonly chunks: readonly number[] | null
}

/** What a file says of one of its arrays; undefined where it says nothing. */
export interface FileInfo {
  readonly array: ArrayInfo
  readonly voxelOffset: readonly number[] | undefined
  readonly voxelSize: readonly number[] | undefined
  readonly layerType: string | undefined
}

export interface DescribeRequest {
  /** The first array of the root unless named. */
  readonly dataset: string | undefined
  /** Which of the file's own statements are wanted: others are not read. */
  readonly voxelOffset: boolean
  readonly voxelSize: boolean
}

/** Datasets that go with an array and are none themselves. */
const COMPANIONS = /global|offset|unique|voxel_size/
/** How many arrays an error lists. */
const LISTED = 12

/**
 * Describes the named dataset, else the first one in the root, in alphabetical order, that can be a chunk.
 * @throws hdf5-dataset
 */
export function describeFile(opened: OpenFile, request: DescribeRequest): FileInfo {
  const array =
    request.dataset === undefined ? firstArray(opened) : namedArray(opened, absolute(request.dataset))
  return {
    array,
    voxelOffset: request.voxelOffset
      ? (triple(opened, 'voxel_offset') ?? triple(opened, 'global_offset'))
      : undefined,
    voxelSize: request.voxelSize ? (triple(opened, 'voxel_size') ?? resolutionOf(opened, array)) : undefined,
    layerType: layerTypeOf(opened),
  }
}

function firstArray(opened: OpenFile): ArrayInfo {
  const names = opened.library.Module.get_names(opened.file.file_id, '/', false).sort()
  for (const name of names) {
    if (COMPANIONS.test(name)) continue
    const found = arrayAt(opened, absolute(name))
    if (found !== undefined) return found
  }
  throw chunkflowError('hdf5-dataset', `${opened.path} has no array in its root`, {
    fix: nameAnother(opened),
  })
}

function namedArray(opened: OpenFile, path: string): ArrayInfo {
  const found = arrayAt(opened, path)
  if (found !== undefined) return found
  const kind = kindAt(opened, path)
  const what =
    kind === 'dataset'
      ? `holds ${describeElements(metadataOf(opened, path))}; a chunk has 2 to 4 axes of numbers`
      : kind === 'group'
        ? 'is a group, not a dataset'
        : 'does not exist'
  throw chunkflowError('hdf5-dataset', `${opened.path}: ${path} ${what}`, { fix: nameAnother(opened) })
}

function nameAnother(opened: OpenFile): string {
  const names = opened.library.Module.get_names(opened.file.file_id, '/', true).sort()
  const arrays: string[] = []
  for (const name of names) {
    if (arrays.length > LISTED) break
    if (!COMPANIONS.test(name) && arrayAt(opened, absolute(name)) !== undefined) arrays.push(absolute(name))
  }
  if (arrays.length === 0) return 'the file has no array that a chunk can be made of'
  const more = arrays.length > LISTED ? ', ...' : ''
  return `name one with --dataset-path: ${arrays.slice(0, LISTED).join(', ')}${more}`
}

function kindAt({ library, file }: OpenFile, path: string): 'dataset' | 'group' | undefined {
  const { Module } = library
  if (path === '/') return 'group'
  const type = Module.get_type(file.file_id, path)
  return type === Module.H5G_DATASET ? 'dataset' : type === Module.H5G_GROUP ? 'group' : undefined
}

const metadataOf = ({ library, file }: OpenFile, path: string): Metadata =>
  library.Module.get_dataset_metadata(file.file_id, path)

/** Undefined when there is no dataset, or one that is no chunk. */
function arrayAt(opened: OpenFile, path: string): ArrayInfo | undefined {
  if (kindAt(opened, path) !== 'dataset') return undefined
  const metadata = metadataOf(opened, path)
  const dtype = dtypeOf(metadata)
  const shape = metadata.shape ?? []
  if (dtype === undefined || shape.length < 2 || shape.length > 4) return undefined
  return { path, shape, dtype, chunks: metadata.chunks }
}

function describeElements(metadata: Metadata): string {
  const axes = metadata.shape?.length ?? 0
  return `${dtypeOf(metadata) ?? 'no numbers'} along ${axes} ${axes === 1 ? 'axis' : 'axes'}`
}

/** The last three numbers of a dataset in the root: older files put a channel before them. */
function triple(opened: OpenFile, name: string): readonly number[] | undefined {
  const path = absolute(name)
  if (kindAt(opened, path) !== 'dataset') return undefined
  const metadata = metadataOf(opened, path)
  const dtype = dtypeOf(metadata)
  const [length] = metadata.shape ?? []
  if (dtype === undefined || metadata.shape?.length !== 1 || length === undefined || length < 3)
    throw chunkflowError('hdf5-dataset', `${opened.path}: ${path} is not three numbers z y x`, {
      fix: `correct the file, or give --${name === 'voxel_size' ? 'voxel-size' : 'voxel-offset'}`,
    })
  const values = allocate(dtype, length)
  readInto(opened, { dataset: path, start: [0], count: [length], bytes: new Uint8Array(values.buffer) })
  return Array.from(values as Float64Array, Number).slice(-3)
}

/** CREMI's attribute: three positive numbers, nm. */
function resolutionOf(opened: OpenFile, { path }: ArrayInfo): readonly number[] | undefined {
  const value = readAttribute(opened, path, 'resolution')
  return typeof value === 'object' && value.length === 3 && value.every((number) => number > 0)
    ? value
    : undefined
}

function layerTypeOf(opened: OpenFile): string | undefined {
  const value = readAttribute(opened, '/', 'layer_type')
  return typeof value === 'string' ? value : undefined
}
