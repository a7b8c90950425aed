import { chunkflowError, type Skeleton } from '@chunkflow/sdk'
import type { VertexAttribute } from './info.js'

/**
 * A skeleton in Neuroglancer's precomputed form, little endian: the numbers of vertices and edges, u32; vertices x y z nm,
 * float32; edges as pairs of vertices counted from 0, u32; the radius of each vertex, float32.
 * https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/skeletons.md
 */
export function encodeSkeleton({ vertices, edges, radii }: Skeleton): Uint8Array {
  const [vertexCount, edgeCount] = [vertices.shape[0]!, edges.shape[0]!]
  const bytes = new Uint8Array(8 + vertexCount * 16 + edgeCount * 8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, vertexCount, true)
  view.setUint32(4, edgeCount, true)
  let at = 8
  for (let vertex = 0; vertex < vertexCount; vertex++)
    for (let axis = 2; axis >= 0; axis--, at += 4)
      view.setFloat32(at, Number(vertices.data[vertex * 3 + axis]), true)
  for (let index = 0; index < edgeCount * 2; index++, at += 4)
    view.setUint32(at, Number(edges.data[index]), true)
  for (let vertex = 0; vertex < vertexCount; vertex++, at += 4)
    view.setFloat32(at, radii?.[vertex] ?? 0, true)
  return bytes
}

/**
 * The same the other way round. Of the attributes only the radius is kept.
 * @param attributes of the info file; where there is none, one number a vertex is the radius
 * @param transform of the info file, 3 × 4 in rows x y z
 * @throws skeleton-fragments
 */
export function decodeSkeleton(
  bytes: Uint8Array,
  attributes: readonly VertexAttribute[] | undefined,
  transform: readonly number[],
  where: string,
): Skeleton {
  const invalid = (what: string) =>
    chunkflowError('skeleton-fragments', `${where} is no skeleton: ${what}`, {
      fix: 'write it again, or remove it',
    })
  if (bytes.length < 8) throw invalid(`it has ${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [vertexCount, edgeCount] = [view.getUint32(0, true), view.getUint32(4, true)]
  const attributeStart = 8 + vertexCount * 12 + edgeCount * 8
  if (bytes.length < attributeStart)
    throw invalid(`${vertexCount} vertices and ${edgeCount} edges do not fit into ${bytes.length} bytes`)
  const vertices = new Float32Array(vertexCount * 3)
  for (let vertex = 0; vertex < vertexCount; vertex++) {
    const [x, y, z] = [0, 1, 2].map((axis) => view.getFloat32(8 + vertex * 12 + axis * 4, true)) as [
      number,
      number,
      number,
    ]
    for (let axis = 0; axis < 3; axis++) {
      const [byX, byY, byZ, shift] = transform.slice(4 * axis, 4 * axis + 4) as [
        number,
        number,
        number,
        number,
      ]
      vertices[vertex * 3 + 2 - axis] = byX * x + byY * y + byZ * z + shift
    }
  }
  const edges = new Uint32Array(edgeCount * 2)
  for (let index = 0; index < edges.length; index++) {
    edges[index] = view.getUint32(8 + vertexCount * 12 + index * 4, true)
    if (edges[index]! >= vertexCount) throw invalid(`an edge names vertex ${edges[index]} of ${vertexCount}`)
  }
  const radii = radiiOf(view, attributeStart, vertexCount, attributes, invalid)
  return {
    vertices: { shape: [vertexCount, 3], dtype: 'float32', data: vertices },
    edges: { shape: [edgeCount, 2], dtype: 'uint32', data: edges },
    ...(radii === undefined ? {} : { radii }),
  }
}

function radiiOf(
  view: DataView,
  start: number,
  count: number,
  attributes: readonly VertexAttribute[] | undefined,
  invalid: (what: string) => Error,
): Float32Array | undefined {
  const known = attributes ?? (view.byteLength - start === count * 4 ? [RADIUS] : [])
  let at = start
  for (const attribute of known) {
    const bytes = BYTES[attribute.dataType]! * attribute.components * count
    if (at + bytes > view.byteLength) throw invalid(`the attribute ${attribute.id} is missing`)
    if (attribute.id === 'radius' && attribute.dataType === 'float32' && attribute.components === 1)
      return Float32Array.from({ length: count }, (_, vertex) => view.getFloat32(at + vertex * 4, true))
    at += bytes
  }
  return undefined
}

const RADIUS: VertexAttribute = { id: 'radius', dataType: 'float32', components: 1 }
export const BYTES: Readonly<Record<string, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
}
