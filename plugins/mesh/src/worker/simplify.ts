import type { Zyx } from '@chunkflow/sdk'
import { MeshoptSimplifier } from 'meshoptimizer/simplifier'

/** Vertices and triangles of one object: three words a vertex, three vertices a triangle. */
export interface WordMesh {
  /** Whole half voxels z y x from the first voxel of the chunk; or, of stored meshes, the bits of floats. */
  readonly vertices: Uint32Array
  readonly triangles: Uint32Array
}

export interface SimplifyOptions {
  /** One of so many triangles is to remain; up to 1 all do. */
  readonly factor: number
  /** How far the surface may move, in nm. */
  readonly maximumErrorNm: number
  readonly voxelSizeNm: Zyx
}

/** Words of a tetrahedron's triangles: a closed surface of fewer has no inside. */
const SMALLEST = 12
const ATTEMPTS = 10

/**
 * Collapses edges, the least visible first, until few enough triangles are left or the surface would move too far (quadric
 * errors, Garland and Heckbert 1997, by meshoptimizer). Vertices stay where they are or vanish. Those at the open border
 * all stay, so that the surface still meets that of the neighbouring chunk. An object smaller than the error does not vanish:
 * it gets a smaller one.
 */
export async function simplify(
  mesh: WordMesh,
  { factor, maximumErrorNm, voxelSizeNm }: SimplifyOptions,
): Promise<WordMesh> {
  const { vertices, triangles } = mesh
  const wanted = Math.floor(triangles.length / 3 / factor)
  if (factor <= 1 || triangles.length === 0) return mesh
  await MeshoptSimplifier.ready
  const positions = new Float32Array(vertices.length)
  const half = voxelSizeNm.map((size) => size / 2)
  for (let index = 0; index < vertices.length; index += 3)
    for (let axis = 0; axis < 3; axis++) positions[index + axis] = vertices[index + axis]! * half[axis]!
  const flags: ('LockBorder' | 'ErrorAbsolute')[] = ['LockBorder', 'ErrorAbsolute']
  for (let error = maximumErrorNm, attempt = 0; attempt < ATTEMPTS; error /= 2, attempt++) {
    const [kept] = MeshoptSimplifier.simplify(triangles, positions, 3, wanted * 3, error, flags)
    if (kept.length >= SMALLEST) return dropUnused({ vertices, triangles: kept })
  }
  return mesh
}

/** Leaves out vertices without a triangle; the others keep their order. */
export function dropUnused({ vertices, triangles }: WordMesh): WordMesh {
  const numbers = new Uint32Array(vertices.length / 3)
  for (const vertex of triangles) numbers[vertex] = 1
  let count = 0
  for (let vertex = 0; vertex < numbers.length; vertex++)
    if (numbers[vertex] === 1) numbers[vertex] = count++
    else numbers[vertex] = UNUSED
  const kept = new Uint32Array(count * 3)
  for (let vertex = 0; vertex < numbers.length; vertex++)
    if (numbers[vertex] !== UNUSED)
      kept.set(vertices.subarray(vertex * 3, vertex * 3 + 3), numbers[vertex]! * 3)
  return { vertices: kept, triangles: triangles.map((vertex) => numbers[vertex]!) }
}

const UNUSED = 0xffffffff
