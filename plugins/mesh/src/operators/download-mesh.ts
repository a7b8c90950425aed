import {
  COMPUTE,
  chunkflowError,
  chunkOf,
  defineOperator,
  FILES,
  flag,
  forEachParallel,
  type Logger,
  STORE,
  type Task,
} from '@chunkflow/sdk'
import { uniqueLabels } from '@chunkflow/sdk/numerics'
import { createCrew } from '../crew.js'
import { type MeshFolder, openMeshFolder, requireFolder } from '../folder/mesh-folder.js'
import { readVolumeInfo } from '../folder/volume-info.js'
import { parseIds } from '../ids.js'
import type { MergeRequest, StoredFragment } from '../mesh.worker.js'
import { refuseNegativeIds, requireLabels } from '../surfaces/label-volume.js'

/** Fragments of one object that are read at once. */
const READS = 16

interface Chosen {
  readonly ids: readonly bigint[]
  /** Picked from voxels: an object may be without a mesh. */
  readonly mayBeMissing: boolean
}

export default defineOperator({
  name: 'download-mesh',
  summary: 'Save stored meshes of objects as PLY or OBJ files',
  description:
    'Reads the manifest and the fragments of each object from the mesh folder of a precomputed volume and joins them; vertices at the same place become one. With --stop-rank, --input names a variable with labels, and its largest objects are taken.',
  examples: [
    'create-chunk --dtype uint32 --size 64 64 64 save-precomputed -v volume mesh -o volume --manifest download-mesh -v volume -i 1,2',
  ],
  flags: {
    volumePath: flag.text({
      char: 'v',
      required: true,
      summary: 'volume whose info names a mesh folder',
    }),
    input: flag.text({
      char: 'i',
      required: true,
      summary: 'ids separated by commas, a text file of such, or, with --stop-rank, a variable',
    }),
    startRank: flag.integer({ char: 's', default: 0, minimum: 0, summary: 'first object by size, from 0' }),
    stopRank: flag.integer({ char: 'p', minimum: 0, summary: 'end of the objects by size, excluded' }),
    outPre: flag.text({ char: 'o', default: './', summary: 'what the names of the files begin with' }),
    outFormat: flag.text({ char: 'f', choices: ['ply', 'obj'], default: 'ply', summary: 'format' }),
  },
  services: { compute: COMPUTE, files: FILES, store: STORE },
  effects: 'write',
  timed: true,
  create({ options, services: { compute, files, store }, workers, logger }) {
    const crew = createCrew(compute, workers.mesh!)
    const slash = options.outPre.lastIndexOf('/') + 1
    const [place, beginning] = [options.outPre.slice(0, slash), options.outPre.slice(slash)]
    const fileName = (id: bigint): string => `${beginning}${id}.${options.outFormat}`

    async function choose(task: Task, signal: AbortSignal): Promise<Chosen> {
      const { input, startRank, stopRank } = options
      if (stopRank === undefined) return { ids: [...(await readIds(input))], mayBeMissing: false }
      const chunk = chunkOf(task, input)
      requireLabels(chunk)
      const { ids, counts } = await uniqueLabels(chunk.data, chunk.dtype, { compute, signal })
      refuseNegativeIds(ids, chunk)
      const bySize = Array.from(ids, (id, index) => ({ id, voxels: counts[index]! }))
      bySize.sort((left, right) => right.voxels - left.voxels || (left.id < right.id ? -1 : 1))
      return { ids: bySize.slice(startRank, stopRank).map(({ id }) => id), mayBeMissing: true }
    }

    async function readIds(input: string): Promise<ReadonlySet<bigint>> {
      const isList = /^[\d\s,]*$/.test(input)
      const isFile = !isList && (await files.status(input))?.kind === 'file'
      if (!isFile && /[./]/.test(input))
        throw chunkflowError('mesh-ids-invalid', `There is no file ${input}`, {
          where: '--input',
          fix: 'write ids as 34,56,78, or the path of a text file with such',
        })
      if (!isFile) return parseIds(input, '--input')
      return parseIds(new TextDecoder().decode(await files.read(input)), input)
    }

    async function openFolder(): Promise<MeshFolder> {
      const storage = await store.open(options.volumePath)
      const { mesh } = await readVolumeInfo(storage)
      return openMeshFolder(storage, requireFolder(mesh, `${storage.root}/info`))
    }

    return {
      async run(task, { signal, progress }) {
        const { ids, mayBeMissing } = await choose(task, signal)
        const folder = await openFolder()
        const output = await store.open(place === '' ? './' : place)
        const bar = progress.start('download-mesh', ids.length, 'objects')
        let written = 0
        try {
          await forEachParallel(ids, crew.size, signal, async (id, lane) => {
            const names = await findManifest(folder, id, mayBeMissing, logger)
            if (names !== null) {
              const fragments = await readFragments(folder, names, signal)
              const request: MergeRequest = { fragments, format: options.outFormat }
              await output.write(fileName(id), await crew.call<Uint8Array>(lane, 'merge', request))
              written++
            }
            bar.advance()
          })
        } finally {
          bar.end()
        }
        logger.info(`wrote ${written} meshes: ${options.outPre}*.${options.outFormat}`)
      },
      async dryRun(task, { signal }) {
        const { ids } = await choose(task, signal)
        for (const id of ids) logger.info(`would write ${place}${fileName(id)}`)
      },
      dispose: () => crew.close(),
    }
  },
})

/** @throws mesh-missing unless the mesh may be missing: null then */
async function findManifest(
  folder: MeshFolder,
  id: bigint,
  mayBeMissing: boolean,
  logger: Logger,
): Promise<readonly string[] | null> {
  const names = await folder.readManifest(id)
  if (names !== null) return names
  if (!mayBeMissing)
    throw chunkflowError('mesh-missing', `Object ${id} has no mesh, or no manifest of it`, {
      where: `${folder.root}/${id}:0`,
      fix: 'run mesh-manifest after mesh',
    })
  logger.warn(`object ${id} has no mesh in ${folder.root}`)
  return null
}

/** In the order of the manifest, whatever comes first. */
async function readFragments(
  folder: MeshFolder,
  names: readonly string[],
  signal: AbortSignal,
): Promise<StoredFragment[]> {
  const fragments: StoredFragment[] = []
  await forEachParallel(names.entries(), READS, signal, async ([index, name]) => {
    fragments[index] = await folder.readFragment(name)
  })
  return fragments
}
