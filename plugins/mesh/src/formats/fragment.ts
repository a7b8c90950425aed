import { chunkflowError } from '@chunkflow/sdk'
import type { FileMesh } from './encode.js'

/**
 * A fragment of Neuroglancer's single-resolution meshes: the number of vertices, their x y z as float32, the triangles'
 * vertices; all little-endian.
 * https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/meshes.md
 */
export function encodeFragment({ vertices, triangles }: FileMesh): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + vertices.byteLength + triangles.byteLength)
  new DataView(bytes.buffer).setUint32(0, vertices.length / 3, true)
  bytes.set(bytesOf(vertices), 4)
  bytes.set(bytesOf(triangles), 4 + vertices.byteLength)
  return bytes
}

/** @throws mesh-fragment-corrupt */
export function decodeFragment(bytes: Uint8Array, where: string): FileMesh {
  const corrupt = (what: string) =>
    chunkflowError('mesh-fragment-corrupt', `A mesh fragment ${what}`, {
      where,
      fix: 'make the meshes of this part of the volume again',
    })
  if (bytes.length < 4) throw corrupt(`has ${bytes.length} bytes`)
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const triangleBytes = bytes.length - 4 - count * 12
  if (triangleBytes < 0 || triangleBytes % 12 !== 0)
    throw corrupt(`of ${bytes.length} bytes does not hold ${count} vertices and whole triangles`)
  // a copy, because words begin at multiples of four; `slice` of a Buffer is none
  const words = new Uint8Array(bytes.subarray(4)).buffer
  const vertices = new Float32Array(words, 0, count * 3)
  const triangles = new Uint32Array(words, count * 12)
  for (const vertex of triangles)
    if (vertex >= count) throw corrupt(`names vertex ${vertex}, but has ${count}`)
  return { vertices, triangles }
}

export const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
