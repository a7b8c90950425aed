import {
  type Chunk,
  chunkBox,
  equalZyx,
  formatFlag,
  type Logger,
  type Store,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import type { MeshFile } from './build-meshes.js'
import { fragmentName, openMeshFolder } from './folder/mesh-folder.js'
import { claimMeshFolder, readVolumeInfo, voxelSizeAt } from './folder/volume-info.js'

export interface OutputOptions {
  readonly outputPath: string
  readonly voxelSize?: Zyx | undefined
  readonly maxSimplificationError: number
  readonly manifest: boolean
}

/** Where the meshes of a chunk go. */
export interface ChunkOutput {
  readonly voxelSizeNm: Zyx
  writeMesh(file: MeshFile): Promise<void>
}

export interface Output {
  /** Checks, and prepares, the place for the meshes of a chunk. */
  open(chunk: Chunk): Promise<ChunkOutput>
}

/** Fragments beside a precomputed volume. */
export function openFragments(
  store: Store,
  options: OutputOptions & { readonly mip: number },
  logger: Logger,
): Output {
  const { outputPath, maxSimplificationError, manifest, mip } = options
  const warn = once(logger)
  const open = remember(async () => {
    const storage = await store.open(outputPath)
    const info = await readVolumeInfo(storage)
    const voxelSizeNm = voxelSizeAt(info, mip, storage.root)
    const name = await claimMeshFolder(storage, info, `mesh_err_${maxSimplificationError}`)
    const folder = await openMeshFolder(storage, name)
    if (manifest) await folder.writeInfo()
    return { folder, voxelSizeNm }
  })
  let chunks = 0
  return {
    async open(chunk) {
      const { folder, voxelSizeNm } = await open()
      if (++chunks === 2 && manifest)
        logger.warn(
          'each chunk replaces the manifests of its objects; for objects of several chunks leave --manifest out and run mesh-manifest',
        )
      const given = options.voxelSize ?? chunk.voxelSize
      if (given !== null && !equalZyx(given, voxelSizeNm))
        warn(
          `${options.voxelSize === undefined ? 'the chunk has voxels of' : '--voxel-size is'} ${formatFlag(given)} nm; mip ${mip} of ${outputPath} has ${formatFlag(voxelSizeNm)} nm, which is used`,
        )
      const box = chunkBox(chunk)
      return {
        voxelSizeNm,
        async writeMesh({ id, bytes }) {
          const name = fragmentName(id, box)
          await folder.writeFragment(name, bytes)
          if (manifest) await folder.writeManifest(id, [name])
        },
      }
    },
  }
}

/** One file an object in a folder. */
export function openFiles(
  store: Store,
  { outputPath, voxelSize, manifest }: OutputOptions,
  format: 'ply' | 'obj',
  logger: Logger,
): Output {
  const warn = once(logger)
  const open = remember(() => store.open(outputPath))
  let chunks = 0
  return {
    async open(chunk) {
      if (manifest) warn(`--manifest means nothing to ${format}`)
      if (++chunks === 2)
        logger.warn(
          `each chunk replaces the ${format} files of its objects; for objects of several chunks use precomputed, mesh-manifest and download-mesh`,
        )
      const storage = await open()
      return {
        voxelSizeNm: voxelSize ?? chunk.voxelSize ?? zyx(1, 1, 1),
        writeMesh: ({ id, bytes }) => storage.write(`${id}.${format}`, bytes),
      }
    },
  }
}

export const describeOutput = ({
  outputPath,
  outputFormat,
}: OutputOptions & { outputFormat: string }): string =>
  outputFormat === 'precomputed' ? `the mesh folder of ${outputPath}` : outputPath

/** Says a message the first time only. */
function once(logger: Logger): (message: string) => void {
  const said = new Set<string>()
  return (message) => {
    if (said.has(message)) return
    said.add(message)
    logger.warn(message)
  }
}

/** What an action gave, for all later calls; a failed one is tried again. */
function remember<T>(action: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= action().catch((error: unknown) => {
      result = undefined
      throw error
    })
    return result
  }
}
