import {
  allocate,
  type Chunk,
  chunkflowError,
  formatSize,
  type KernelSession,
  type Zyx,
} from '@chunkflow/sdk'
import { type ComputeServices, computeOptions } from '@chunkflow/sdk/numerics'
import { caseTable } from '../kernels/case-table.js'
import base64 from '../kernels/surfaces.wasm.js'

/** Sections [first, stop) of a chunk of labels. */
export interface LabelSections {
  readonly chunk: Chunk
  readonly first: number
  readonly stop: number
}

/** How large the surfaces of some labels are, in the order of the labels. */
export interface SurfaceCounts {
  readonly vertices: Uint32Array
  readonly triangles: Uint32Array
}

/** Surfaces of some labels, one after the other in both arrays. */
export interface Surfaces {
  /** z y x of each vertex, in half voxels from the first voxel of the chunk. On shared memory. */
  readonly vertices: Uint32Array
  /** Three vertices each, counted from the label's first one, anticlockwise seen from outside (x, y, z right-handed). */
  readonly triangles: Uint32Array
}

/** Passes through a kernel at once. */
const PIECE_BYTES = 8 * 2 ** 20
const TRIPLE_BYTES = 12
/** What the kernel holds for a voxel of a section: two numbers, two flags, five pairs of slots. */
const SECTION_BYTES_PER_VOXEL = 50

/** Whether there is a cell of 2 × 2 × 2 voxels in it; without one there is no surface. */
export const hasCells = ({ chunk, first, stop }: LabelSections): boolean =>
  stop - first > 1 && chunk.shape[1]! > 1 && chunk.shape[2]! > 1

/**
 * Counts the vertices and triangles of surfaces.
 * @param ids labels that get surfaces, distinct; others, and 0, are what lies outside
 * @throws mesh-too-large
 */
export async function countSurfaces(
  labels: LabelSections,
  ids: BigUint64Array,
  services: ComputeServices,
): Promise<SurfaceCounts> {
  const counts = { vertices: new Uint32Array(ids.length), triangles: new Uint32Array(ids.length) }
  if (!hasCells(labels) || ids.length === 0) return counts
  const session = await begin(labels, ids, services)
  try {
    await takeSections(session, labels, false)
    for (const [from, to] of ranges(ids.length, PIECE_BYTES / 8))
      await session.call({
        export: 'readCounts',
        args: [
          { out: counts.vertices.subarray(from, to) },
          { out: counts.triangles.subarray(from, to) },
          from + 1,
          to - from,
        ],
      })
    return counts
  } finally {
    await session.close()
  }
}

/**
 * Marching cubes: the surface of each label between it and all that is not it, half-way between voxel centres, open where
 * the sections end. In a label no two vertices are at one place.
 * @param counts from {@link countSurfaces} with the same labels and ids
 * @throws mesh-too-large
 */
export async function extractSurfaces(
  labels: LabelSections,
  ids: BigUint64Array,
  counts: SurfaceCounts,
  services: ComputeServices,
): Promise<Surfaces> {
  const vertexTotal = sum(counts.vertices)
  const triangleTotal = sum(counts.triangles)
  const vertices = allocate('uint32', vertexTotal * 3) as Uint32Array
  const triangles = allocate('uint32', triangleTotal * 3) as Uint32Array
  if (triangleTotal === 0) return { vertices, triangles }
  if ((vertexTotal + triangleTotal) * TRIPLE_BYTES > 2 ** 32) throw tooLarge(labels)
  const session = await begin(labels, ids, services)
  try {
    if ((await session.call({ export: 'makeRoom', args: [vertexTotal, triangleTotal, ids.length] })) === 0)
      throw tooLarge(labels)
    for (const [from, to] of ranges(ids.length, PIECE_BYTES / 8)) {
      const views = [counts.vertices, counts.triangles].map((view) => ({ in: view.subarray(from, to) }))
      await session.call({ export: 'shareRoom', args: [...views, to - from] })
    }
    await takeSections(session, labels, true)
    for (const [name, view] of [
      ['readVertices', vertices],
      ['readTriangles', triangles],
    ] as const)
      for (const [from, to] of ranges(view.length / 3, PIECE_BYTES / TRIPLE_BYTES))
        await session.call({
          export: name,
          args: [{ out: view.subarray(from * 3, to * 3) }, from, to - from],
        })
    return { vertices, triangles }
  } finally {
    await session.close()
  }
}

/** How many sections pass at once: few bytes, but one section at least. */
const sectionsAtOnce = ({ shape, data }: Chunk): number =>
  Math.max(1, Math.floor(PIECE_BYTES / (shape[1]! * shape[2]! * data.BYTES_PER_ELEMENT)))

async function begin(
  labels: LabelSections,
  ids: BigUint64Array,
  services: ComputeServices,
): Promise<KernelSession> {
  const { chunk } = labels
  const [height, width] = [chunk.shape[1]!, chunk.shape[2]!]
  const slabBytes = sectionsAtOnce(chunk) * height * width * chunk.data.BYTES_PER_ELEMENT
  const pieceBytes = Math.max(PIECE_BYTES, slabBytes) + 64
  if (pieceBytes + SECTION_BYTES_PER_VOXEL * height * width > 0xffff0000) throw tooLarge(labels)
  const session = await services.compute.open({ name: 'surfaces', base64 }, computeOptions(services))
  try {
    const began = await session.call({
      export: 'begin',
      args: [{ in: caseTable() }, { heap: true }, pieceBytes, width, height, labels.first, ids.length],
    })
    if (began === 0) throw tooLarge(labels)
    for (const [from, to] of ranges(ids.length, PIECE_BYTES / 8))
      await session.call({ export: 'addLabels', args: [{ in: ids.subarray(from, to) }, to - from] })
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

async function takeSections(
  session: KernelSession,
  { chunk, first, stop }: LabelSections,
  writes: boolean,
): Promise<void> {
  const { data, shape } = chunk
  const plane = shape[1]! * shape[2]!
  const name = `take${data.BYTES_PER_ELEMENT * 8}`
  for (const [from, to] of ranges(stop - first, sectionsAtOnce(chunk))) {
    const part = data.subarray((first + from) * plane, (first + to) * plane)
    await session.call({ export: name, args: [{ in: part }, to - from, writes ? 1 : 0] })
  }
}

/** Consecutive ranges of at most `size` that cover [0, length). */
function* ranges(length: number, size: number): Generator<readonly [from: number, to: number]> {
  const step = Math.max(1, Math.floor(size))
  for (let from = 0; from < length; from += step) yield [from, Math.min(length, from + step)]
}

const sum = (values: Uint32Array): number => values.reduce((total, value) => total + value, 0)

const tooLarge = ({ chunk }: LabelSections) =>
  chunkflowError(
    'mesh-too-large',
    `Surfaces in ${formatSize(chunk.shape as Zyx)} voxels need more than the 4 GiB WebAssembly can address`,
    { fix: 'work on chunks with smaller sections: up to about 70 million voxels in one' },
  )
