import { access, constants, stat } from 'node:fs/promises'
import {
  allocate,
  type BoundingBox,
  boxFromSize,
  boxSize,
  bytesPerElement,
  type Chunk,
  chunkflowError,
  createChunk,
  equalBoxes,
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
import { type ChannelSelection, selectChannels } from './channels.js'
import type { Hdf5Worker } from './session.js'
import { bytesOf, slabBuffer } from './slab-buffer.js'
import { elementsOf, type Region, rowsOf, slabsOf } from './slabs.js'
import type { ArrayInfo, DescribeRequest, FileInfo } from './worker/describe.js'

/** What is wanted of a file; what it says itself unless given. */
export interface ReadRequest {
  readonly dataset?: string | undefined
  readonly voxelOffset?: Zyx | undefined
  readonly voxelSize?: Zyx | undefined
  /** When neither the request nor the file says; null unless given. */
  readonly defaultVoxelSize?: Zyx
  readonly layerType?: LayerType | undefined
  readonly channels?: ChannelSelection | undefined
}

export interface Description {
  readonly array: ArrayInfo
  /** 3 or 4 sizes: one section is a stack of one. */
  readonly shape: readonly number[]
  readonly box: BoundingBox
  /** Undefined when neither the request nor the file says. */
  readonly voxelSize: Zyx | undefined
  readonly layerType: LayerType | undefined
}

/** Reads what a file says of an array, no voxels. @throws hdf5-missing, hdf5-unreadable, hdf5-dataset */
export const describeHdf5 = (
  path: string,
  request: ReadRequest,
  worker: Hdf5Worker,
  signal?: AbortSignal,
): Promise<Description> => withFile(path, request, worker, signal, async (_, description) => description)

export interface ReadResult {
  readonly chunk: Chunk
  /** True when the chunk holds all voxels of the array. */
  readonly complete: boolean
}

/**
 * Reads the part of an array inside a box, and no other.
 * @param choose from the box of the array to the one to read, which lies inside
 * @throws hdf5-missing, hdf5-unreadable, hdf5-dataset, hdf5-options
 */
export const readHdf5 = (
  path: string,
  request: ReadRequest & { readonly choose: (whole: BoundingBox) => BoundingBox },
  worker: Hdf5Worker,
  { signal, progress }: { signal?: AbortSignal; progress?: (voxels: number) => ProgressBar } = {},
): Promise<ReadResult> =>
  withFile(path, request, worker, signal, async (session, description) => {
    const { array, shape } = description
    const box = request.choose(description.box)
    const channels = selectChannels(shape, request.channels, path)
    const size = boxSize(box)
    const voxels = channels.length * elementsOf({ count: size })
    const data = allocate(array.dtype, voxels)
    const bar = progress?.(voxels)
    try {
      const start = subtractZyx(box.start, description.box.start)
      await readChannels(session, array, { start, count: size }, channels, data, bar)
    } finally {
      bar?.end()
    }
    const single = shape.length === 3 || (request.channels?.single ?? false)
    const chunk = createChunk(data, single ? size : [channels.length, ...size], {
      dtype: array.dtype,
      voxelOffset: box.start,
      voxelSize: description.voxelSize ?? request.defaultVoxelSize ?? null,
      layerType: description.layerType,
    })
    const all = equalBoxes(box, description.box) && (shape.length === 3 || channels.length === shape[0])
    return { chunk, complete: all }
  })

async function withFile<T>(
  path: string,
  request: ReadRequest,
  worker: Hdf5Worker,
  signal: AbortSignal | undefined,
  action: (session: WorkerSession, description: Description) => Promise<T>,
): Promise<T> {
  await requireFile(path)
  return worker.use(async (session) => {
    await session.call('open', path)
    const info = await session.call<FileInfo>('describe', {
      dataset: request.dataset,
      voxelOffset: request.voxelOffset === undefined,
      voxelSize: request.voxelSize === undefined,
    } satisfies DescribeRequest)
    const result = await action(session, combine(info, request))
    await session.call('close')
    return result
  }, signal)
}

async function requireFile(path: string): Promise<void> {
  const status = await stat(path).catch(() => null)
  if (status === null || !status.isFile())
    throw chunkflowError('hdf5-missing', `${path} is ${status === null ? 'missing' : 'not a file'}`, {
      fix: 'check the path',
    })
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw chunkflowError('hdf5-unreadable', `${path} may not be read: permission denied`, {
      fix: 'ask for permission, or read another file',
      cause,
    })
  })
}

function combine({ array, ...file }: FileInfo, request: ReadRequest): Description {
  const shape = array.shape.length === 2 ? [1, ...array.shape] : array.shape
  const voxelOffset = request.voxelOffset ?? tripleOf(file.voxelOffset) ?? zyx(0, 0, 0)
  return {
    array,
    shape,
    box: boxFromSize(voxelOffset, spatialSize({ shape: shape as Chunk['shape'] })),
    voxelSize: request.voxelSize ?? tripleOf(file.voxelSize),
    layerType: request.layerType ?? LAYER_TYPES.find((name) => name === file.layerType),
  }
}

const tripleOf = (numbers: readonly number[] | undefined): Zyx | undefined =>
  numbers === undefined ? undefined : zyx(numbers[0]!, numbers[1]!, numbers[2]!)

/** Fills `data` with a box of some channels, slab by slab through a buffer shared with the worker. */
async function readChannels(
  session: WorkerSession,
  { path: dataset, shape, dtype, chunks }: ArrayInfo,
  spatial: Region,
  channels: readonly number[],
  data: TypedArray,
  bar: ProgressBar | undefined,
): Promise<void> {
  const bytes = bytesPerElement(dtype)
  const perChannel = elementsOf(spatial)
  const buffer = slabBuffer(dtype)
  // elements of all types copy alike; the cast picks one signature
  const target = data as Uint8Array
  for (const { first, count, position } of runsOf(channels)) {
    const region: Region =
      shape.length === 4
        ? { start: [first, ...spatial.start], count: [count, ...spatial.count] }
        : { start: spatial.start.slice(-shape.length), count: spatial.count.slice(-shape.length) }
    for (const slab of slabsOf(region, chunks, bytes)) {
      const elements = elementsOf(slab)
      const values = buffer.holding(elements)
      await session.call('read', { dataset, start: slab.start, count: slab.count, bytes: bytesOf(values) })
      const { length, offsets } = rowsOf(slab, region)
      for (const [row, offset] of offsets.entries())
        target.set(values.subarray(row * length, (row + 1) * length), position * perChannel + offset)
      bar?.advance(elements)
    }
  }
}

interface ChannelRun {
  readonly first: number
  readonly count: number
  /** Where it begins in the result. */
  readonly position: number
}

/** Neighbouring channels are read together. */
function runsOf(channels: readonly number[]): ChannelRun[] {
  const runs: ChannelRun[] = []
  for (const [position, channel] of channels.entries()) {
    const last = runs.at(-1)
    if (last !== undefined && channel === last.first + last.count)
      runs[runs.length - 1] = { ...last, count: last.count + 1 }
    else runs.push({ first: channel, count: 1, position })
  }
  return runs
}
