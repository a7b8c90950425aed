import { isGzip, type StoredMeshes } from '../layers/stored-meshes.js'
import { bytes, json, type Reply } from '../server/reply.js'

/**
 * Passes stored meshes on as they are. An object without a manifest is one without fragments: a page that asks for many
 * objects would else report each as an error.
 */
export async function serveStoredMeshes(
  meshes: StoredMeshes,
  name: string,
  signal: AbortSignal,
): Promise<Reply | undefined> {
  if (name === 'info') return json({ '@type': 'neuroglancer_legacy_mesh' })
  if (name === '' || name.includes('/')) return undefined
  const object = await meshes.read(name, signal)
  if (object === null) return /^\d{1,20}:0$/.test(name) ? json({ fragments: [] }) : undefined
  const reply = bytes(object.bytes)
  return object.contentEncoding === 'gzip' && isGzip(object.bytes)
    ? { ...reply, contentEncoding: 'gzip' }
    : reply
}
