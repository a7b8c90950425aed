import {
  type Chunk,
  COMPUTE,
  chunkBox,
  chunkflowError,
  chunkOf,
  defineOperator,
  describeChunk,
  flag,
  type Logger,
  STORE,
} from '@chunkflow/sdk'
import { uniqueLabels } from '@chunkflow/sdk/numerics'
import { buildMeshes } from '../build-meshes.js'
import { createCrew } from '../crew.js'
import { fragmentName } from '../folder/mesh-folder.js'
import { MESH_FORMATS } from '../formats/encode.js'
import { parseIds } from '../ids.js'
import { describeOutput, openFiles, openFragments } from '../output.js'
import { refuseNegativeIds, requireLabels, requireLabelType } from '../surfaces/label-volume.js'

interface Selection {
  readonly ids?: string | undefined
  readonly skipIds?: string | undefined
  readonly dustThreshold?: number | undefined
  readonly shard: boolean
}

export default defineOperator({
  name: 'mesh',
  summary: 'Make surface meshes of the objects of a segmentation',
  description: `One mesh for every object of the chunk, by marching cubes, simplified. Surfaces lie half-way between voxel centres, which lie at their index times the voxel size, and are open at the border of the chunk: chunks that overlap by one voxel (generate-tasks --overlap 1 1 1) have surfaces that join exactly.

precomputed: fragments of Neuroglancer's single-resolution meshes, in the folder that the volume at --output-path names in its info; run mesh-manifest when all chunks are done. ply and obj: one file an object in a folder.`,
  examples: [
    'create-chunk --dtype uint32 --size 40 40 40 mesh -v 8 4 4 -t ply -o meshes',
    'create-chunk --dtype uint32 --size 64 64 64 save-precomputed -v volume mesh -o volume --dust-threshold 100 --ids 1,2 --manifest',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['chunk-name', 'input'], kind: 'chunk' }),
    mip: flag.integer({
      char: 'm',
      minimum: 0,
      defaultText: 'global --mip',
      summary: 'precomputed: scale of the volume that the chunk is from',
    }),
    voxelSize: flag.numbers3({
      char: 'v',
      defaultText: "the chunk's, or 1 1 1",
      exclusiveMinimum: 0,
      summary: "nm, z y x; precomputed: the volume's resolution is used",
    }),
    outputPath: flag.text({
      char: 'o',
      default: 'file:///tmp/mesh/',
      summary: 'volume (precomputed), or folder: file://, s3://, gs:// or a path',
    }),
    outputFormat: flag.text({
      char: 't',
      choices: MESH_FORMATS,
      default: 'precomputed',
      summary: 'how meshes are stored',
    }),
    simplificationFactor: flag.integer({
      char: 'f',
      default: 100,
      minimum: 0,
      summary: 'one of so many triangles is to remain; 0 or 1: all',
    }),
    maxSimplificationError: flag.number({
      char: 'e',
      default: 40,
      minimum: 0,
      summary: 'how far simplification may move a surface, in nm',
    }),
    skipIds: flag.text({ char: 's', summary: 'no meshes of these: ids separated by commas' }),
    dustThreshold: flag.integer({
      char: 'd',
      minimum: 0,
      summary: 'no meshes of objects with fewer voxels in the chunk',
    }),
    ids: flag.text({ defaultText: 'all', summary: 'meshes of these only: ids separated by commas' }),
    manifest: flag.boolean({
      summary: 'precomputed: also write the manifests, for a volume of one chunk',
    }),
    shard: flag.boolean({ summary: 'all meshes in one file; not supported: refused' }),
  },
  services: { compute: COMPUTE, store: STORE },
  effects: 'write',
  timed: true,
  infer: ({ inputChunkName }, options) => {
    parseSelection(options)
    requireLabelType(inputChunkName)
    return {}
  },
  create({ options, services: { compute, store }, globals, workers, logger }) {
    const selection = parseSelection(options)
    const crew = createCrew(compute, workers.mesh!)
    const output =
      options.outputFormat === 'precomputed'
        ? openFragments(store, { ...options, mip: options.mip ?? globals.mip }, logger)
        : openFiles(store, options, options.outputFormat, logger)

    /** Ids that get meshes, ascending. */
    async function select(chunk: Chunk, signal: AbortSignal, told: Logger): Promise<BigUint64Array> {
      requireLabels(chunk)
      const { ids, counts } = await uniqueLabels(chunk.data, chunk.dtype, { compute, signal })
      refuseNegativeIds(ids, chunk)
      const chosen = ids.filter((id, index) => selection.takes(id, counts[index]!))
      if (chosen.length === 0)
        told.info(`no objects to mesh in ${describeChunk(chunk)} (${ids.length} in all)`)
      return chosen
    }

    return {
      async run(task, { signal, progress }) {
        const chunk = chunkOf(task, options.inputChunkName)
        const ids = await select(chunk, signal, logger)
        if (ids.length === 0) return
        const { writeMesh, voxelSizeNm } = await output.open(chunk)
        const bar = progress.start('mesh', ids.length, 'objects')
        let written = 0
        try {
          await buildMeshes(
            chunk,
            ids,
            {
              voxelOffsetZyx: chunk.voxelOffset,
              voxelSizeNm,
              factor: options.simplificationFactor,
              maximumErrorNm: options.maxSimplificationError,
              format: options.outputFormat,
              gzip: options.outputFormat === 'precomputed',
            },
            { compute, signal, crew },
            async (file) => {
              await writeMesh(file)
              written++
              bar.advance()
            },
          )
        } finally {
          bar.end()
        }
        logger.info(`wrote ${written} meshes of ${ids.length} objects to ${options.outputPath}`)
      },
      async dryRun(task, { signal }) {
        const chunk = chunkOf(task, options.inputChunkName)
        const ids = await select(chunk, signal, logger)
        if (ids.length === 0) return
        const { outputFormat: format } = options
        const first =
          format === 'precomputed' ? fragmentName(ids[0]!, chunkBox(chunk)) : `${ids[0]}.${format}`
        logger.info(`would write ${ids.length} meshes, ${first} for one, to ${describeOutput(options)}`)
      },
      dispose: () => crew.close(),
    }
  },
})

/** @throws mesh-ids-invalid, mesh-format-unsupported */
function parseSelection({ ids, skipIds, dustThreshold, shard }: Selection) {
  if (shard)
    throw chunkflowError('mesh-format-unsupported', 'mesh does not put meshes into one file', {
      where: '--shard',
      fix: 'leave --shard out: meshes are stored as one fragment an object',
    })
  const wanted = ids === undefined ? undefined : parseIds(ids, '--ids')
  const skipped = skipIds === undefined ? undefined : parseIds(skipIds, '--skip-ids')
  return {
    takes: (id: bigint, voxels: number): boolean =>
      wanted?.has(id) !== false && skipped?.has(id) !== true && voxels >= (dustThreshold ?? 0),
  }
}
