import type { SkeletonLayer } from '../layers/layer.js'
import { bytes, json, type Reply } from '../server/reply.js'

/**
 * Skeletons in Neuroglancer's format, one object an id:
 * https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/skeletons.md
 */
export function serveSkeletons({ skeletons }: SkeletonLayer): (path: string) => Reply | undefined {
  return (path) => {
    if (path === 'info') return json({ '@type': 'neuroglancer_skeletons', vertex_attributes: [] })
    const skeleton = /^\d{1,20}$/.test(path) ? skeletons.get(BigInt(path)) : undefined
    if (skeleton === undefined) return undefined
    const { vertices, edges } = skeleton
    const head = Uint32Array.of(vertices.length / 3, edges.length / 2)
    const parts = [head, vertices, edges].map((part) =>
      Buffer.from(part.buffer, part.byteOffset, part.byteLength),
    )
    return bytes(Buffer.concat(parts))
  }
}
