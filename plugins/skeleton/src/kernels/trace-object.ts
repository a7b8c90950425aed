import {
  allocate,
  bytesPerElement,
  type Chunk,
  chunkflowError,
  formatSize,
  type KernelSession,
  productZyx,
  type Skeleton,
  spatialSize,
  type Zyx,
} from '@chunkflow/sdk'
import type { LabelledObject } from './objects.js'

/** How lines are traced (Sato et al. 2000). */
export interface TeasarParameters {
  /** What lies nearer to a line than `scale` × its distance to the surface + `constantNm` is not traced again. */
  readonly scale: number
  readonly constantNm: number
  /** The penalty of a voxel is `penaltyScale` × (1 − depth / largest depth) ^ `penaltyExponent`. */
  readonly penaltyExponent: number
  readonly penaltyScale: number
  /** Lead lines to one fixed voxel of each cut through a face of the chunk. */
  readonly fixBorders: boolean
}

const PIECE_ELEMENTS = 2 ** 20
const KERNEL_BYTES = 65_535 * 65_536
/** The map of the box, and the tables of the kernel. */
const BOX_VOXEL_BYTES = 4
const OBJECT_VOXEL_BYTES = 58

/** What an object takes in the memory of a kernel. */
export const kernelBytes = ({ size, voxels }: LabelledObject): number =>
  size.reduce((product, length) => product * (length + 2), 1) * BOX_VOXEL_BYTES +
  voxels * (OBJECT_VOXEL_BYTES + 1) +
  16 * PIECE_ELEMENTS

/** @throws skeleton-too-large */
export function requireSize(object: LabelledObject): void {
  if (kernelBytes(object) > KERNEL_BYTES) throw tooLarge(object)
}

const tooLarge = ({ id, size, voxels }: LabelledObject) =>
  chunkflowError(
    'skeleton-too-large',
    `Object ${id} has ${voxels} voxels in a box of ${formatSize(size)}: more than 4 GiB are needed`,
    { fix: 'work on smaller chunks or a coarser scale, or leave the object out' },
  )

/**
 * The centre lines of an object, one tree for each of its connected parts (26 neighbours). Vertices are voxels, at (offset +
 * index) × voxel size.
 * @param session of the kernel `skeletonize`
 * @param chunk the labels, 3-D integers or bool
 * @throws skeleton-too-large
 */
export async function traceObject(
  session: KernelSession,
  chunk: Chunk,
  object: LabelledObject,
  voxelSizeNm: Zyx,
  parameters: TeasarParameters,
): Promise<Skeleton> {
  const targets = parameters.fixBorders ? await borderTargets(session, chunk, object, voxelSizeNm) : []
  await measure(session, chunk, object, voxelSizeNm)
  const places = Uint32Array.from(targets)
  const count = await numberOf(session, 'trace', [
    parameters.scale,
    parameters.constantNm,
    parameters.penaltyExponent,
    parameters.penaltyScale,
    { in: places },
    places.length,
  ])
  if (count === 0) throw tooLarge(object)
  return readSkeleton(session, count, chunk, object, voxelSizeNm)
}

type Argument = Parameters<KernelSession['call']>[0]['args'][number]
const numberOf = async (session: KernelSession, name: string, args: readonly Argument[]): Promise<number> =>
  Number(await session.call({ export: name, args })) >>> 0

/** Distances to the surface, in the kernel. @throws skeleton-too-large */
export async function measure(
  session: KernelSession,
  chunk: Chunk,
  { id, voxels, start, size }: LabelledObject,
  voxelSizeNm: Zyx,
): Promise<void> {
  const whole = spatialSize(chunk)
  const bytes = bytesPerElement(chunk.dtype)
  const object = { id, voxels, start, size }
  const pieceBytes = Math.max(PIECE_ELEMENTS, size[2]) * 12 + 64
  if ((await numberOf(session, 'begin', [{ heap: true }, pieceBytes, ...size])) === 0) throw tooLarge(object)
  const [low, high] = [Number(id & 0xffffffffn), Number(id >> 32n)]
  let first = 0
  for (const piece of rowsOfBox(chunk, start, size)) {
    const rows = piece.length / size[2]
    const args = [{ in: piece }, low, high, first, rows]
    await session.call({ export: `mark${bytes * 8}`, args })
    first += rows
  }
  // beyond the box there are other objects, beyond the chunk nobody knows
  const beyond = [0, 1, 2].reduce(
    (flags, axis) =>
      flags |
      (start[axis]! > 0 ? 1 << (2 * axis) : 0) |
      (start[axis]! + size[axis]! < whole[axis]! ? 2 << (2 * axis) : 0),
    0,
  )
  if ((await numberOf(session, 'measure', [...voxelSizeNm, beyond])) === 0) throw tooLarge(object)
}

/** The labels of a box in scan order, whole rows at a time; each piece is overwritten by the next. */
function* rowsOfBox(chunk: Chunk, start: Zyx, size: Zyx): Generator<Uint8Array> {
  const [, height, width] = spatialSize(chunk)
  const rows = size[0] * size[1]
  const rowsAtOnce = Math.min(rows, Math.max(1, Math.floor(PIECE_ELEMENTS / size[2])))
  // elements of all types copy alike; the cast picks one signature
  const buffer = allocate(chunk.dtype, rowsAtOnce * size[2]) as Uint8Array
  const data = chunk.data as Uint8Array
  for (let first = 0; first < rows; first += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows - first)
    for (let row = 0; row < count; row++) {
      const z = start[0] + Math.floor((first + row) / size[1])
      const y = start[1] + ((first + row) % size[1])
      const from = (z * height + y) * width + start[2]
      buffer.set(data.subarray(from, from + size[2]), row * size[2])
    }
    yield buffer.subarray(0, count * size[2])
  }
}

/**
 * In each face of the chunk that the object is cut by, the deepest voxel of each part of the cut, as places in the object's box.
 * Chunks that share a plane find the same voxels in it, so that their lines meet.
 */
async function borderTargets(
  session: KernelSession,
  chunk: Chunk,
  object: LabelledObject,
  voxelSizeNm: Zyx,
): Promise<number[]> {
  const whole = spatialSize(chunk)
  const { start, size } = object
  const targets: number[] = []
  for (let axis = 0; axis < 3; axis++)
    for (const at of new Set([0, whole[axis]! - 1])) {
      if (at < start[axis]! || at >= start[axis]! + size[axis]! || whole[axis] === 1) continue
      const face = {
        ...object,
        start: start.with(axis, at) as unknown as Zyx,
        size: size.with(axis, 1) as unknown as Zyx,
      }
      await measureFace(session, chunk, face, voxelSizeNm, axis)
      const limit = Math.min(productZyx(face.size), PIECE_ELEMENTS)
      const out = new Uint32Array(new SharedArrayBuffer(4 * limit))
      const parts = await numberOf(session, 'deepestOfParts', [{ out }, limit])
      for (const place of out.subarray(0, parts)) {
        const local = [
          Math.floor(place / (face.size[1] * face.size[2])),
          Math.floor(place / face.size[2]) % face.size[1],
          place % face.size[2],
        ]
        const [z, y, x] = local.map((value, index) => value + face.start[index]! - start[index]!)
        targets.push((z! * size[1] + y!) * size[2] + x!)
      }
    }
  return targets
}

/** Distances inside a plane: what lies before and behind it does not count. */
async function measureFace(
  session: KernelSession,
  chunk: Chunk,
  face: LabelledObject,
  voxelSizeNm: Zyx,
  axis: number,
): Promise<void> {
  // a step across the plane costs what nothing in it can
  const size = voxelSizeNm.with(axis, 2 ** 40) as unknown as Zyx
  await measure(session, chunk, face, size)
}

async function readSkeleton(
  session: KernelSession,
  count: number,
  { voxelOffset }: Chunk,
  { start, size }: LabelledObject,
  voxelSizeNm: Zyx,
): Promise<Skeleton> {
  const vertices = new Float32Array(count * 3)
  const radii = new Float32Array(count)
  const edges: number[] = []
  for (let from = 0; from < count; from += PIECE_ELEMENTS) {
    const length = Math.min(PIECE_ELEMENTS, count - from)
    const memory = () => new Uint32Array(new SharedArrayBuffer(4 * length))
    const [places, next] = [memory(), memory()]
    const pieceRadii = new Float32Array(new SharedArrayBuffer(4 * length))
    await session.call({
      export: 'read',
      args: [{ out: places }, { out: pieceRadii }, { out: next }, from, length],
    })
    radii.set(pieceRadii, from)
    for (let index = 0; index < length; index++) {
      const place = places[index]!
      const voxel = [
        Math.floor(place / (size[1] * size[2])),
        Math.floor(place / size[2]) % size[1],
        place % size[2],
      ]
      for (let axis = 0; axis < 3; axis++)
        vertices[(from + index) * 3 + axis] =
          (voxelOffset[axis]! + start[axis]! + voxel[axis]!) * voxelSizeNm[axis]!
      if (next[index] !== 0) edges.push(from + index, next[index]! - 1)
    }
  }
  return {
    vertices: { shape: [count, 3], dtype: 'float32', data: vertices },
    edges: { shape: [edges.length / 2, 2], dtype: 'uint32', data: Uint32Array.from(edges) },
    radii,
  }
}
