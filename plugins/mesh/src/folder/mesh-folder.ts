import { type BoundingBox, chunkflowError, isChunkflowError, type Storage } from '@chunkflow/sdk'
import { unpack } from '../formats/stored-bytes.js'
import type { StoredFragment } from '../mesh.worker.js'
import { parseObject } from './volume-info.js'

/** Storages that keep no content encoding beside an object: there the name tells, as CloudVolume does for files. */
const NAMED_COMPRESSION = /^(file|mem):/
/** A web server may show such a folder. */
const MAY_SHOW_FOLDER = /^https?:/
const TYPE = 'neuroglancer_legacy_mesh'
const JSON_FILE = { contentType: 'application/json', cacheControl: 'no-cache' } as const

/** A folder of meshes in Neuroglancer's single-resolution format, beside a volume. */
export interface MeshFolder {
  /** For messages. */
  readonly root: string
  /** Makes the folder's own `info` when there is none. */
  writeInfo(): Promise<void>
  /** @param bytes gzip */
  writeFragment(name: string, bytes: Uint8Array): Promise<void>
  writeManifest(id: bigint, fragments: readonly string[]): Promise<void>
  /** Names of fragments; null when there is no manifest. @throws mesh-fragment-corrupt */
  readManifest(id: bigint): Promise<readonly string[] | null>
  /** @throws mesh-missing */
  readFragment(name: string): Promise<StoredFragment>
  /** Names of objects that begin so, without the ending of compressed files, in no particular order. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<string>
}

/** `<id>:0:<x0>-<x1>_<y0>-<y1>_<z0>-<z1>`: x y z, as the format demands. */
export const fragmentName = (id: bigint, { start, stop }: BoundingBox): string =>
  `${id}:0:${[2, 1, 0].map((axis) => `${start[axis]}-${stop[axis]}`).join('_')}`

/**
 * @param folder as the volume's info names it
 * @throws mesh-format-unsupported when other meshes are in it
 */
export async function openMeshFolder(storage: Storage, folder: string): Promise<MeshFolder> {
  const root = `${storage.root}/${folder}`
  const isNamed = NAMED_COMPRESSION.test(storage.root)
  const spellings = isNamed || MAY_SHOW_FOLDER.test(storage.root) ? ['', '.gz'] : ['']

  async function find(name: string): Promise<StoredFragment | null> {
    for (const suffix of spellings) {
      const object = await storage.read(`${folder}/${name}${suffix}`)
      if (object === null) continue
      const contentEncoding = suffix === '.gz' ? 'gzip' : object.contentEncoding
      return { bytes: object.bytes, contentEncoding, where: `${root}/${name}${suffix}` }
    }
    return null
  }
  async function readJson(name: string) {
    const object = await find(name)
    if (object === null) return undefined
    const { bytes, contentEncoding, where } = object
    return { json: parseObject(unpack(bytes, contentEncoding, where)), where }
  }
  /** Readers take either spelling: the one that is not written must not stay. */
  async function put(name: string, suffix: string, bytes: Uint8Array, headers: object): Promise<void> {
    await storage.write(`${folder}/${name}${suffix}`, bytes, headers)
    if (isNamed) await storage.delete(`${folder}/${name}${suffix === '' ? '.gz' : ''}`)
  }
  const toBytes = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json))

  const info = await readJson('info')
  if (info !== undefined && info.json?.['@type'] !== TYPE)
    throw chunkflowError(
      'mesh-format-unsupported',
      `The folder holds ${JSON.stringify(info.json?.['@type'] ?? 'something else')}, not single-resolution meshes`,
      { where: info.where, fix: 'name another folder with "mesh" in the info of the volume' },
    )
  return {
    root,
    async writeInfo() {
      if (info !== undefined) return
      try {
        await storage.write(`${folder}/info`, toBytes({ '@type': TYPE }), { ...JSON_FILE, ifAbsent: true })
      } catch (error) {
        // another worker was first
        if (!isChunkflowError(error) || error.code !== 'storage-conflict') throw error
      }
    },
    writeFragment: (name, bytes) =>
      put(name, isNamed ? '.gz' : '', bytes, {
        contentType: 'application/octet-stream',
        ...(isNamed ? {} : { contentEncoding: 'gzip' }),
      }),
    writeManifest: (id, fragments) => put(`${id}:0`, '', toBytes({ fragments }), JSON_FILE),
    async readManifest(id) {
      const manifest = await readJson(`${id}:0`)
      if (manifest === undefined) return null
      const fragments = manifest.json?.fragments
      if (Array.isArray(fragments) && fragments.every((name) => typeof name === 'string')) return fragments
      throw chunkflowError('mesh-fragment-corrupt', `The manifest of object ${id} is not one`, {
        where: manifest.where,
        fix: 'write it again with mesh-manifest',
      })
    },
    async readFragment(name) {
      const fragment = await find(name)
      if (fragment !== null) return fragment
      throw chunkflowError('mesh-missing', 'A fragment that a manifest names is not stored', {
        where: `${root}/${name}`,
        fix: 'make the meshes of this part of the volume again, then run mesh-manifest',
      })
    },
    async *list(prefix, signal) {
      const options = signal === undefined ? {} : { signal }
      for await (const key of storage.list(`${folder}/${prefix}`, options))
        yield key.slice(folder.length + 1).replace(/\.gz$/, '')
    },
  }
}

/** The folder that the info of a volume names. @throws mesh-folder-missing */
export function requireFolder(mesh: string | undefined, where: string): string {
  if (mesh !== undefined) return mesh
  throw chunkflowError('mesh-folder-missing', 'The info of the volume names no folder for meshes', {
    where,
    fix: 'make meshes of it with mesh --output-path',
  })
}
