import { stat } from 'node:fs/promises'
import {
  addZyx,
  allocate,
  type BoundingBox,
  boxContains,
  boxFromSize,
  boxSize,
  bytesPerElement,
  type Chunk,
  type Compute,
  chunkflowError,
  createChunk,
  type Dtype,
  formatBox,
  isDtype,
  LAYER_TYPES,
  type LayerType,
  type ProgressBar,
  spatialSize,
  subtractZyx,
  type TypedArray,
  type WorkerSession,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { uniqueLabels } from '@chunkflow/sdk/numerics'
import type { ChannelSelection } from './channels.js'
import { chunkShapeFor } from './chunk-shape.js'
import type { DatasetInfo, FileInfo } from './hdf5.worker.js'
import { slabsOf } from './slabs.js'

/** Where files are read and written: one worker a file. */
export interface Hdf5Services {
  readonly compute: Compute
  readonly worker: URL
  readonly signal?: AbortSignal
}

export interface ReadRequest {
  readonly dataset?: string | undefined
  readonly voxelOffset?: Zyx | undefined
  readonly voxelSize?: Zyx | undefined
  readonly layerType?: LayerType | undefined
  readonly channels?: ChannelSelection | undefined
  /** Global voxels; the whole array unless given. */
  readonly box?: ((whole: BoundingBox) => BoundingBox) | undefined
}

export interface Description {
  readonly dataset: DatasetInfo & { readonly dtype: Dtype }
  readonly voxelOffset: Zyx
  readonly voxelSize: Zyx
  readonly layerType: LayerType | undefined
}

async function withFile<T>(
  path: string,
  { compute, worker, signal }: Hdf5Services,
  action: (session: WorkerSession, info: FileInfo) => Promise<T>,
): Promise<T> {
  const status = await stat(path).catch(() => null)
  if (status === null)
    throw chunkflowError('hdf5-missing', `There is no file ${path}`, { fix: 'check the path' })
  if (!status.isFile())
    throw chunkflowError('hdf5-missing', `${path} is not a file`, { fix: 'give the path of an HDF5 file' })
  const session = await compute.startWorker(worker, signal === undefined ? {} : { signal })
  try {
    return await action(session, await session.call<FileInfo>('open', path))
  } finally {
    await session.close()
  }
}

/** Reads offsets, sizes and types, no voxels. */
export const describeHdf5 = (
  path: string,
  request: ReadRequest,
  services: Hdf5Services,
): Promise<Description> =>
  withFile(path, services, (session, info) => describeOpened(session, info, path, request))

async function describeOpened(
  session: WorkerSession,
  info: FileInfo,
  path: string,
  request: ReadRequest,
): Promise<Description> {
  const dataset = await pickDataset(session, info, path, request.dataset)
  const small = async (name: string): Promise<number[] | undefined> => {
    const found = info.datasets.find((candidate) => candidate.path === name)
    return found === undefined ? undefined : readNumbers(session, found)
  }
  const offset = request.voxelOffset ??
    (await small('voxel_offset')) ??
    (await small('global_offset'))?.slice(-3) ?? [0, 0, 0]
  const size = request.voxelSize ?? (await small('voxel_size')) ?? dataset.resolution ?? [1, 1, 1]
  const layerType =
    request.layerType ?? (LAYER_TYPES as readonly string[]).find((name) => name === info.layerType)
  return {
    dataset,
    voxelOffset: triple(offset),
    voxelSize: triple(size),
    layerType: layerType as LayerType | undefined,
  }
}

const triple = (numbers: readonly number[]): Zyx => zyx(numbers[0]!, numbers[1]!, numbers[2]!)

/** The named dataset, else the first one in the root that is not a companion of the array. */
async function pickDataset(
  session: WorkerSession,
  info: FileInfo,
  path: string,
  name: string | undefined,
): Promise<DatasetInfo & { dtype: Dtype }> {
  const companions = /global|offset|unique|voxel_size/
  const found =
    name === undefined
      ? info.datasets.find((dataset) => !companions.test(dataset.path))
      : await session.call<DatasetInfo | null>('describe', name)
  const available = info.datasets.map((dataset) => dataset.path).join(', ') || 'groups only'
  if (found === undefined || found === null)
    throw chunkflowError(
      'hdf5-dataset',
      name === undefined ? `${path} has no dataset in its root` : `${path} has no dataset ${name}`,
      { fix: `name it with --dataset-path; in the root: ${available}` },
    )
  if (found.dtype === undefined || found.shape.length < 2 || found.shape.length > 4)
    throw chunkflowError(
      'hdf5-dataset',
      `${path}: ${found.path} has ${found.shape.length} axes and ${found.dtype ?? 'no numeric'} elements; a chunk has 2 to 4 axes of numbers`,
      { fix: `name another dataset; in the root: ${available}` },
    )
  return { ...found, dtype: found.dtype }
}

async function readNumbers(session: WorkerSession, { path, shape, dtype }: DatasetInfo): Promise<number[]> {
  if (!isDtype(dtype)) return []
  const values = allocate(
    dtype,
    shape.reduce((left, right) => left * right, 1),
  )
  const voxels = new Uint8Array(values.buffer)
  await session.call('readSlab', { dataset: path, start: shape.map(() => 0), count: [...shape], voxels })
  return Array.from(values as Float64Array, Number)
}

/** Reads a chunk. @throws hdf5-missing, hdf5-unreadable, hdf5-dataset, chunk-outside */
export const readHdf5 = (
  path: string,
  request: ReadRequest,
  services: Hdf5Services,
  progress?: (total: number) => ProgressBar,
): Promise<Chunk> =>
  withFile(path, services, async (session, info) => {
    const { dataset, voxelOffset, voxelSize, layerType } = await describeOpened(session, info, path, request)
    const shape = dataset.shape.length === 2 ? [1, ...dataset.shape] : dataset.shape
    const whole = boxFromSize(voxelOffset, spatialSize({ shape: shape as never }))
    const box = request.box?.(whole) ?? whole
    if (!boxContains(whole, box))
      throw chunkflowError(
        'chunk-outside',
        `Box ${formatBox(box)} is not inside ${path}, which covers ${formatBox(whole)}`,
        { fix: 'boxes are global voxels z y x; check --cutout-start, --cutout-size and the offset' },
      )
    const channels = selectChannels(shape, request.channels, path)
    const spatial = { start: subtractZyx(box.start, voxelOffset), count: boxSize(box) }
    const data = await readRegion(session, dataset, spatial, channels, progress)
    const keepAxis = shape.length === 4 && !(request.channels?.single ?? false)
    return createChunk(data, keepAxis ? [channels.length, ...spatial.count] : spatial.count, {
      dtype: dataset.dtype,
      voxelOffset: box.start,
      voxelSize,
      layerType,
    })
  })

function selectChannels(
  shape: readonly number[],
  selection: ChannelSelection | undefined,
  path: string,
): readonly number[] {
  if (shape.length === 3) {
    if (selection !== undefined)
      throw chunkflowError('hdf5-options', `${path} has no channel axis to select from`, {
        fix: 'leave --channels out',
      })
    return [0]
  }
  const channels = selection?.resolve(shape[0]!) ?? Array.from({ length: shape[0]! }, (_, index) => index)
  const outside = channels.find((channel) => channel < 0 || channel >= shape[0]!)
  if (outside !== undefined || channels.length === 0)
    throw chunkflowError(
      'hdf5-options',
      `${path} has channels 0 to ${shape[0]! - 1}, not ${outside ?? 'an empty selection'}`,
      { fix: 'check --channels' },
    )
  return channels
}

async function readRegion(
  session: WorkerSession,
  dataset: DatasetInfo & { dtype: Dtype },
  spatial: { start: Zyx; count: Zyx },
  channels: readonly number[],
  progress: ((total: number) => ProgressBar) | undefined,
): Promise<TypedArray> {
  const perChannel = spatial.count.reduce((left, right) => left * right, 1)
  const data = allocate(dataset.dtype, perChannel * channels.length)
  const bytes = bytesPerElement(dataset.dtype)
  const axes = dataset.shape.length
  const bar = progress?.(channels.length * perChannel)
  for (const [position, channel] of channels.entries()) {
    const start = axes === 4 ? [channel, ...spatial.start] : spatial.start.slice(-axes)
    const count = axes === 4 ? [1, ...spatial.count] : spatial.count.slice(-axes)
    for (const slab of slabsOf(start, count, dataset.chunks, bytes)) {
      const voxels = new Uint8Array(new SharedArrayBuffer(slab.elements * bytes))
      await session.call('readSlab', { dataset: dataset.path, start: slab.start, count: slab.count, voxels })
      new Uint8Array(data.buffer).set(voxels, (position * perChannel + slab.offset) * bytes)
      bar?.advance(slab.elements)
    }
  }
  bar?.end()
  return data
}

export interface WriteRequest {
  readonly chunkShape?: readonly number[] | undefined
  readonly voxelSize?: Zyx | null | undefined
  readonly withOffset: boolean
}

/** Writes a chunk into a file at a path that does not exist yet. */
export async function writeHdf5(
  path: string,
  chunk: Chunk,
  request: WriteRequest,
  { compute, worker, signal }: Hdf5Services,
  bar?: ProgressBar,
): Promise<void> {
  const session = await compute.startWorker(worker, signal === undefined ? {} : { signal })
  try {
    await session.call('create', path)
    const chunks = chunkShapeFor(chunk, request.chunkShape)
    const { dtype, shape } = chunk
    await session.call('createArray', { dataset: 'main', shape, dtype, chunks, level: 4 })
    const bytes = bytesPerElement(dtype)
    const perChannel = spatialSize(chunk).reduce((left, right) => left * right, 1)
    for (let channel = 0; channel < chunk.data.length / Math.max(1, perChannel); channel++) {
      const lead = shape.length === 4 ? [channel] : []
      for (const slab of slabsOf(
        [...lead, 0, 0, 0],
        [...lead.map(() => 1), ...spatialSize(chunk)],
        chunks,
        bytes,
      )) {
        const first = channel * perChannel + slab.offset
        const voxels = new Uint8Array(new SharedArrayBuffer(slab.elements * bytes))
        const part = (chunk.data as Uint8Array).subarray(first, first + slab.elements)
        voxels.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
        await session.call('writeSlab', { dataset: 'main', start: slab.start, count: slab.count, voxels })
        bar?.advance(slab.elements)
      }
    }
    const voxelSize = request.voxelSize ?? chunk.voxelSize
    if (voxelSize !== null)
      await session.call('writeNumbers', { dataset: 'voxel_size', numbers: Float64Array.from(voxelSize) })
    if (request.withOffset)
      await session.call('writeNumbers', {
        dataset: 'voxel_offset',
        numbers: BigInt64Array.from(addZyx(chunk.voxelOffset, 0), BigInt),
      })
    if (chunk.layerType !== null)
      await session.call('writeAttribute', { name: 'layer_type', text: chunk.layerType })
    if (shape.length === 3 && /^u?int/.test(dtype) && dtype !== 'uint8') {
      const { ids } = await uniqueLabels(chunk.data, dtype, { compute, signal })
      await session.call('writeNumbers', { dataset: 'unique_nonzeros', numbers: ids })
    }
    await session.call('close')
  } finally {
    await session.close()
  }
}
