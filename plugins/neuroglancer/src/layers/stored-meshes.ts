import { gunzipSync } from 'node:zlib'
import type { StoredObject, Volume, Zyx } from '@chunkflow/sdk'

/** Meshes that are stored beside a volume, in Neuroglancer's single-resolution format. */
export interface StoredMeshes {
  /** A manifest or a fragment, by its name alone. */
  read(name: string, signal: AbortSignal): Promise<StoredObject | null>
}

/**
 * The meshes that a volume names, if they can be shown: single-resolution ones, in the places of the volume's own voxels.
 * @param voxelSizeNm a size of the finest voxels that replaces the volume's
 */
export async function storedMeshes(
  volume: Volume,
  voxelSizeNm: Zyx | undefined,
): Promise<StoredMeshes | undefined> {
  const { meshFolder, scales } = volume.description
  if (meshFolder === undefined || volume.readObject === undefined) return undefined
  if (voxelSizeNm !== undefined && voxelSizeNm.join() !== scales[0]?.voxelSizeNm.join()) return undefined
  const read: StoredMeshes['read'] = async (name, signal) =>
    (await volume.readObject?.(`${meshFolder}/${name}`, { signal })) ?? null
  // the volume is shown whatever is the matter with its meshes
  const info = await read('info', new AbortController().signal).catch(() => undefined)
  if (info === undefined) return undefined
  return info === null || isSingleResolution(info) ? { read } : undefined
}

function isSingleResolution({ bytes }: StoredObject): boolean {
  try {
    const text = isGzip(bytes) ? gunzipSync(bytes) : bytes
    return JSON.parse(new TextDecoder().decode(text))['@type'] === 'neuroglancer_legacy_mesh'
  } catch {
    return false
  }
}

/** Bytes may have been decompressed on the way whatever their storage says of them. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b
