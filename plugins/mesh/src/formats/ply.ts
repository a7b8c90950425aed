import type { FileMesh } from './encode.js'
import { bytesOf } from './fragment.js'

/** The Stanford polygon format, binary, little-endian: float x y z, faces as lists of int. */
export function encodePly({ vertices, triangles }: FileMesh): Uint8Array<ArrayBuffer> {
  const count = triangles.length / 3
  const header = new TextEncoder().encode(
    [
      'ply',
      'format binary_little_endian 1.0',
      `element vertex ${vertices.length / 3}`,
      ...['x', 'y', 'z'].map((axis) => `property float ${axis}`),
      `element face ${count}`,
      'property list uchar int vertex_indices',
      'end_header',
      '',
    ].join('\n'),
  )
  const faces = header.length + vertices.byteLength
  const bytes = new Uint8Array(faces + count * FACE_BYTES)
  bytes.set(header)
  bytes.set(bytesOf(vertices), header.length)
  const source = bytesOf(triangles)
  for (let face = 0; face < count; face++) {
    const at = faces + face * FACE_BYTES
    bytes[at] = 3
    for (let index = 0; index < 12; index++) bytes[at + 1 + index] = source[face * 12 + index]!
  }
  return bytes
}

/** The number of vertices and three of them. */
const FACE_BYTES = 13
