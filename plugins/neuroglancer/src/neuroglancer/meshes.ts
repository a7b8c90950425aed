import type { MeshLayer } from '../layers/layer.js'
import { bytes, json, type Reply } from '../server/reply.js'

/** Meshes in Neuroglancer's single-resolution format: a manifest and one fragment an object. */
export function serveMeshes({ meshes }: MeshLayer): (path: string) => Reply | undefined {
  return (path) => {
    if (path === 'info') return json({ '@type': 'neuroglancer_legacy_mesh' })
    const match = /^(\d{1,20})(:0)?$/.exec(path)
    const mesh = match === null ? undefined : meshes.get(BigInt(match[1]!))
    if (match === null || mesh === undefined) return undefined
    if (match[2] !== undefined) return json({ fragments: [match[1]] })
    const { vertices, triangles } = mesh
    const encoded = new Uint8Array(4 + vertices.byteLength + triangles.byteLength)
    new DataView(encoded.buffer).setUint32(0, vertices.length / 3, true)
    encoded.set(new Uint8Array(vertices.buffer, vertices.byteOffset, vertices.byteLength), 4)
    encoded.set(
      new Uint8Array(triangles.buffer, triangles.byteOffset, triangles.byteLength),
      4 + vertices.byteLength,
    )
    return bytes(encoded)
  }
}
