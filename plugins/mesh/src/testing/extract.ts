import type { Chunk } from '@chunkflow/sdk'
import { uniqueLabels } from '@chunkflow/sdk/numerics'
import { inlineCompute } from '@chunkflow/sdk/testing'
import { countSurfaces, extractSurfaces } from '../surfaces/surfaces.js'
import type { WordMesh } from '../worker/simplify.js'

/** Surfaces by label, of all labels unless some are named. */
export async function extractAll(
  chunk: Chunk,
  { ids, first = 0, stop = chunk.shape[0]! }: { ids?: BigUint64Array; first?: number; stop?: number } = {},
): Promise<Map<bigint, WordMesh>> {
  const services = { compute: inlineCompute() }
  const wanted = ids ?? (await uniqueLabels(chunk.data, chunk.dtype, services)).ids
  const labels = { chunk, first, stop }
  const counts = await countSurfaces(labels, wanted, services)
  const surfaces = await extractSurfaces(labels, wanted, counts, services)
  const meshes = new Map<bigint, WordMesh>()
  let [vertex, triangle] = [0, 0]
  for (const [index, id] of wanted.entries()) {
    const [vertexStop, triangleStop] = [vertex + counts.vertices[index]!, triangle + counts.triangles[index]!]
    meshes.set(id, {
      vertices: surfaces.vertices.slice(vertex * 3, vertexStop * 3),
      triangles: surfaces.triangles.slice(triangle * 3, triangleStop * 3),
    })
    ;[vertex, triangle] = [vertexStop, triangleStop]
  }
  return meshes
}
