import { chunkflowError, isChunkflowError, reverseZyx, type Storage, type Zyx } from '@chunkflow/sdk'
import { unpack } from '../formats/stored-bytes.js'

type Json = Readonly<Record<string, unknown>>

/** What meshes need of the `info` of a precomputed volume. */
export interface VolumeInfo {
  readonly json: Json
  /** Of the object it was read from. */
  readonly version: string | undefined
  /** Folder of the meshes, as the info names it. */
  readonly mesh: string | undefined
}

const JSON_FILE = { contentType: 'application/json', cacheControl: 'no-cache' } as const
/** As often as other workers may change the info while this one does. */
const TRIES = 20

/** @throws mesh-volume-missing */
export async function readVolumeInfo(storage: Storage): Promise<VolumeInfo> {
  const where = `${storage.root}/info`
  const refuse = (what: string) =>
    chunkflowError('mesh-volume-missing', what, {
      where,
      fix: 'check the path, or make the volume with create-info',
    })
  const object = await storage.read('info')
  if (object === null) throw refuse('There is no volume here: it has no info file')
  const json = parseObject(unpack(object.bytes, object.contentEncoding, where))
  if (json === null || !Array.isArray(json.scales)) throw refuse('The info file does not describe a volume')
  const mesh = typeof json.mesh === 'string' ? json.mesh.replace(/\/+$/, '') : ''
  return { json, version: object.version, mesh: mesh === '' ? undefined : mesh }
}

/** nm of a voxel. @throws mesh-volume-missing */
export function voxelSizeAt({ json }: VolumeInfo, mip: number, where: string): Zyx {
  const scales = json.scales as readonly unknown[]
  const resolution = (scales[mip] as Json | undefined)?.resolution
  const isSize = (value: unknown): value is number => Number.isFinite(value) && Number(value) > 0
  if (Array.isArray(resolution) && resolution.length === 3 && resolution.every(isSize))
    return reverseZyx(resolution as unknown as Zyx)
  throw chunkflowError(
    'mesh-volume-missing',
    mip < scales.length
      ? `Mip ${mip} of the volume has no resolution`
      : `The volume has no mip ${mip}: its last one is ${scales.length - 1}`,
    { where, fix: 'choose another --mip' },
  )
}

/**
 * The folder for meshes; a volume whose info names none gets `name`. Safe when several workers do so at the same time: all
 * get the same answer, and no other change of the info is lost.
 */
export async function claimMeshFolder(storage: Storage, info: VolumeInfo, name: string): Promise<string> {
  let present = info
  for (let attempt = 1; ; attempt++) {
    if (present.mesh !== undefined) return present.mesh
    const text = JSON.stringify({ ...present.json, mesh: name }, null, 1)
    const condition = present.version === undefined ? {} : { ifVersion: present.version }
    try {
      await storage.write('info', new TextEncoder().encode(text), { ...JSON_FILE, ...condition })
      return name
    } catch (error) {
      if (!isChunkflowError(error) || error.code !== 'storage-conflict' || attempt === TRIES) throw error
    }
    present = await readVolumeInfo(storage)
  }
}

/** Null when the bytes are no JSON object. */
export function parseObject(bytes: Uint8Array): Json | null {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Json) : null
  } catch {
    return null
  }
}
