import { chunkflowError, type Zyx, zyx } from '@chunkflow/sdk'
import type { AnnotationLayer, MeshLayer, SkeletonLayer } from './layer.js'
import { type LayerName, readLayerOptions } from './layer-name.js'
import { type Rows, requireRows, rowsOf } from './rows.js'

const POINTS = { color: '#ffff00', size: 8 } as const
const LINES = { color: '#00ffff', size: 5 } as const

/**
 * Layers of what is neither a chunk nor a volume, or null for an unknown kind of value.
 *
 * - points: N × 3 voxels z y x, alone or as `{ points, voxelSize }`;
 * - synapses: `{ pre: N × 3, post: M × 4 of the row in pre and z y x, resolution }`;
 * - skeletons: a map or record of ids to `{ vertices: N × 3 nm z y x, edges: M × 2 }`;
 * - meshes: a map or record of ids to `{ vertices: N × 3 nm z y x, faces: M × 3 }`.
 */
export function readRecords(
  layer: LayerName,
  value: unknown,
  voxelSizeNm: Zyx,
): readonly (AnnotationLayer | MeshLayer | SkeletonLayer)[] | null {
  const rows = rowsOf(value)
  if (rows !== undefined)
    return [pointsLayer(layer, requireRows(value, 3, `The points "${layer.name}"`), voxelSizeNm)]
  if (typeof value !== 'object' || value === null) return null
  const record = value as Record<string, unknown>
  if ('points' in record) {
    const points = requireRows(record.points, 3, `The points "${layer.name}"`)
    return [pointsLayer(layer, points, tripleOf(record.voxelSize ?? record.voxel_size) ?? voxelSizeNm)]
  }
  if ('pre' in record) return synapseLayers(layer, record, voxelSizeNm)
  // of no objects nobody knows what they would be
  if (value instanceof Map && value.size === 0) return []
  const objects = objectsOf(value)
  const [first] = objects.values()
  if (first === undefined) return null
  if ('edges' in first) return [skeletonLayer(layer, objects)]
  if ('faces' in first) return [meshLayer(layer, objects)]
  return null
}

const tripleOf = (value: unknown): Zyx | undefined => {
  const list = ArrayBuffer.isView(value) ? [...(value as Float64Array)] : value
  return Array.isArray(list) && list.length === 3 && list.every((part) => Number(part) > 0)
    ? zyx(Number(list[0]), Number(list[1]), Number(list[2]))
    : undefined
}

/** Entries of a map or record whose keys are ids and whose values have vertices. */
function objectsOf(value: object): Map<bigint, Record<string, unknown>> {
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  const usable = entries.every(
    ([id, object]) =>
      /^\d+$/.test(String(id)) && typeof object === 'object' && object !== null && 'vertices' in object,
  )
  return new Map(usable ? entries.map(([id, object]) => [BigInt(id), object as Record<string, unknown>]) : [])
}

/** Columns z y x from `first` on, as x y z. */
function xyz(rows: Rows, row: number, first: number, into: Float32Array, at: number, shift = 0): void {
  for (let axis = 0; axis < 3; axis++) into[at + axis] = rows.at(row, first + 2 - axis) + shift
}

/** Points name voxels: they are drawn in the middle of them, so that they lie in the section they belong to. */
const MIDDLE = 0.5

function pointsLayer(layer: LayerName, points: Rows, voxelSizeNm: Zyx): AnnotationLayer {
  const { color, size } = readLayerOptions(layer, ['color', 'size'])
  const coordinates = new Float32Array(points.count * 3)
  for (let row = 0; row < points.count; row++) xyz(points, row, 0, coordinates, 3 * row, MIDDLE)
  return {
    kind: 'annotations',
    name: layer.name,
    geometry: 'point',
    coordinates,
    voxelSizeNm,
    color: color ?? POINTS.color,
    size: size ?? POINTS.size,
  }
}

/** Lines from each pre- to its postsynapses, and the presynapses as points. */
function synapseLayers(
  layer: LayerName,
  { pre, post, resolution }: Record<string, unknown>,
  fallback: Zyx,
): AnnotationLayer[] {
  const { color, size } = readLayerOptions(layer, ['color', 'size'])
  const from = requireRows(pre, 3, `The presynapses of "${layer.name}"`)
  const voxelSizeNm = tripleOf(resolution) ?? fallback
  const points = pointsLayer({ name: `${layer.name}_pre`, options: {} }, from, voxelSizeNm)
  if (post === null || post === undefined) return [points]
  const to = requireRows(post, 4, `The postsynapses of "${layer.name}"`)
  const coordinates = new Float32Array(to.count * 6)
  for (let row = 0; row < to.count; row++) {
    const parent = to.at(row, 0)
    if (!(Number.isInteger(parent) && parent >= 0 && parent < from.count))
      throw chunkflowError(
        'viewer-layer',
        `Postsynapse ${row} of "${layer.name}" belongs to presynapse ${parent}, but there are ${from.count}`,
        { fix: 'the first column of the postsynapses counts rows of the presynapses from 0' },
      )
    xyz(from, parent, 0, coordinates, 6 * row, MIDDLE)
    xyz(to, row, 1, coordinates, 6 * row + 3, MIDDLE)
  }
  return [
    {
      kind: 'annotations',
      name: layer.name,
      geometry: 'line',
      coordinates,
      voxelSizeNm,
      color: color ?? LINES.color,
      size: size ?? LINES.size,
    },
    points,
  ]
}

function skeletonLayer(layer: LayerName, objects: Map<bigint, Record<string, unknown>>): SkeletonLayer {
  const { color } = readLayerOptions(layer, ['color'])
  const skeletons = new Map(
    [...objects].map(([id, object]) => {
      const what = `skeleton ${id}`
      const vertices = verticesOf(object.vertices, what)
      return [id, { vertices, edges: indicesOf(object.edges, 2, vertices.length / 3, what) }] as const
    }),
  )
  return { kind: 'skeletons', name: layer.name, skeletons, color }
}

function meshLayer(layer: LayerName, objects: Map<bigint, Record<string, unknown>>): MeshLayer {
  readLayerOptions(layer, [])
  const meshes = new Map(
    [...objects].map(([id, object]) => {
      const what = `mesh ${id}`
      const vertices = verticesOf(object.vertices, what)
      return [id, { vertices, triangles: indicesOf(object.faces, 3, vertices.length / 3, what) }] as const
    }),
  )
  return { kind: 'meshes', name: layer.name, meshes }
}

function verticesOf(value: unknown, what: string): Float32Array {
  const rows = requireRows(value, 3, `The vertices of ${what}`)
  const vertices = new Float32Array(rows.count * 3)
  for (let row = 0; row < rows.count; row++) xyz(rows, row, 0, vertices, 3 * row)
  return vertices
}

/** Edges or faces: rows of vertices, counted from 0. */
function indicesOf(value: unknown, columns: 2 | 3, vertices: number, what: string): Uint32Array {
  const rows = requireRows(value, columns, `The ${columns === 2 ? 'edges' : 'faces'} of ${what}`)
  const indices = new Uint32Array(rows.count * columns)
  for (let index = 0; index < indices.length; index++) {
    const vertex = rows.at(Math.floor(index / columns), index % columns)
    if (!(Number.isInteger(vertex) && vertex >= 0 && vertex < vertices))
      throw chunkflowError('viewer-layer', `There is no vertex ${vertex} in ${what}, which has ${vertices}`, {
        fix: 'edges and faces count vertices from 0',
      })
    indices[index] = vertex
  }
  return indices
}
