import { chunkflowError, type Zyx, zyx } from '@chunkflow/sdk'
import { labelColor } from '@chunkflow/sdk/numerics'
import type { AnnotationLayer, MeshLayer } from './layer.js'
import { type LayerName, readLayerOptions } from './layer-name.js'
import { type Rows, requireRows, rowsOf } from './rows.js'

const POINTS = { color: '#ffff00', size: 8 } as const
const LINES = { color: '#00ffff', size: 5 } as const
const SKELETONS = { color: '#00ffff', size: 3 } as const

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
): readonly (AnnotationLayer | MeshLayer)[] | null {
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
function xyz(rows: Rows, row: number, first: number, into: Float32Array, at: number): void {
  for (let axis = 0; axis < 3; axis++) into[at + axis] = rows.at(row, first + 2 - axis)
}

function pointsLayer(layer: LayerName, points: Rows, voxelSizeNm: Zyx): AnnotationLayer {
  const { color, size } = readLayerOptions(layer, ['color', 'size'])
  const coordinates = new Float32Array(points.count * 3)
  for (let row = 0; row < points.count; row++) xyz(points, row, 0, coordinates, 3 * row)
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
    xyz(from, parent, 0, coordinates, 6 * row)
    xyz(to, row, 1, coordinates, 6 * row + 3)
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

/** Every edge as a line, each skeleton in a colour of its own unless one is given. */
function skeletonLayer(layer: LayerName, skeletons: Map<bigint, Record<string, unknown>>): AnnotationLayer {
  const { color, size } = readLayerOptions(layer, ['color', 'size'])
  const parts = [...skeletons].map(([id, { vertices, edges }]) => ({
    id,
    vertices: requireRows(vertices, 3, `The vertices of skeleton ${id}`),
    edges: requireRows(edges, 2, `The edges of skeleton ${id}`),
  }))
  const count = parts.reduce((sum, { edges }) => sum + edges.count, 0)
  const coordinates = new Float32Array(count * 6)
  const colors = new Uint8Array(count * 3)
  let line = 0
  for (const { id, vertices, edges } of parts)
    for (let edge = 0; edge < edges.count; edge++, line++) {
      for (const end of [0, 1]) {
        const vertex = edges.at(edge, end)
        if (!(vertex >= 0 && vertex < vertices.count))
          throw chunkflowError('viewer-layer', `An edge of skeleton ${id} has no vertex ${vertex}`, {
            fix: 'edges count vertices from 0',
          })
        xyz(vertices, vertex, 0, coordinates, 6 * line + 3 * end)
      }
      const color = labelColor(Number(id & 0xffffffffn), Number((id >> 32n) & 0xffffffffn))
      colors.set([color & 0xff, (color >> 8) & 0xff, color >> 16], 3 * line)
    }
  return {
    kind: 'annotations',
    name: layer.name,
    geometry: 'line',
    coordinates,
    voxelSizeNm: zyx(1, 1, 1),
    color: color ?? SKELETONS.color,
    size: size ?? SKELETONS.size,
    ...(color === undefined ? { colors } : {}),
  }
}

function meshLayer(layer: LayerName, objects: Map<bigint, Record<string, unknown>>): MeshLayer {
  readLayerOptions(layer, [])
  const meshes = new Map(
    [...objects].map(([id, object]) => {
      const rows = requireRows(object.vertices, 3, `The vertices of mesh ${id}`)
      const faces = requireRows(object.faces, 3, `The faces of mesh ${id}`)
      const vertices = new Float32Array(rows.count * 3)
      for (let row = 0; row < rows.count; row++) xyz(rows, row, 0, vertices, 3 * row)
      const triangles = new Uint32Array(faces.count * 3)
      for (let row = 0; row < faces.count; row++)
        for (let corner = 0; corner < 3; corner++) {
          const vertex = faces.at(row, corner)
          if (!(vertex >= 0 && vertex < rows.count))
            throw chunkflowError('viewer-layer', `A face of mesh ${id} has no vertex ${vertex}`, {
              fix: 'faces count vertices from 0',
            })
          triangles[3 * row + corner] = vertex
        }
      return [id, { vertices, triangles }] as const
    }),
  )
  return { kind: 'meshes', name: layer.name, meshes }
}
