import {
  type Chunk,
  COMPUTE,
  chunkBox,
  chunkflowError,
  chunkOf,
  defineOperator,
  describeChunk,
  flag,
  forEachParallel,
  formatBox,
  isFloat,
  type RunContext,
  type Skeletons,
  STORE,
  squeezeChannel,
  type VariableType,
} from '@chunkflow/sdk'
import { openSkeletonFolder } from '../files/skeleton-folder.js'
import { parseIds } from '../ids.js'
import { type LabelledObject, objectsOf } from '../kernels/objects.js'
import { skeletonizeObjects } from '../kernels/skeletonize.js'
import { REQUESTS } from '../requests.js'
import { voxelSizeOf } from '../voxel-size.js'

export default defineOperator({
  name: 'skeletonize',
  nameChar: 'n',
  summary: 'Find the centre lines of all objects',
  description:
    'TEASAR: in each connected part of an object lines lead from its farthest ends to its root, through the middle, until everything is near a line. With --output-path they are stored as fragments <id>:<box> in the precomputed form of Neuroglancer, for aggregate-skeleton-fragments.',
  examples: [
    'create-chunk --dtype uint32 skeletonize --voxel-size 40 8 8 debug',
    'create-chunk --dtype uint32 skeletonize --output-path file://skeletons --ids 1,2 --dust-threshold 100',
  ],
  flags: {
    input: flag.input({ char: 'i', aliases: ['input-chunk-name'], kind: 'chunk' }),
    output: flag.output({ char: 'o', aliases: ['output-name'], kind: 'skeletons', default: 'skels' }),
    voxelSize: flag.numbers3({
      char: 'v',
      aliases: ['voxel_size'],
      defaultText: "the chunk's",
      exclusiveMinimum: 0,
      summary: 'nm',
    }),
    outputPath: flag.text({
      char: 'p',
      aliases: ['output_path'],
      summary: 'folder or bucket path to store fragments in',
    }),
    compression: flag.text({
      choices: ['gzip', 'none'],
      default: 'gzip',
      summary: 'of stored fragments',
    }),
    ids: flag.text({ defaultText: 'all', summary: 'only these objects: ids separated by commas' }),
    dustThreshold: flag.integer({
      char: 'd',
      default: 1000,
      minimum: 0,
      summary: 'leave out objects of fewer voxels',
    }),
    scale: flag.number({
      default: 4,
      minimum: 0,
      summary: 'a line covers what is nearer than this many times its distance to the surface ...',
    }),
    constant: flag.number({ default: 500, minimum: 0, summary: '... plus so many nm' }),
    penaltyExponent: flag.number({
      aliases: ['pdrf-exponent'],
      default: 4,
      minimum: 0,
      summary: 'the higher, the farther lines may leave the middle to be short',
    }),
    penaltyScale: flag.number({
      aliases: ['pdrf-scale'],
      default: 100_000,
      minimum: 0,
      summary: 'weight of keeping to the middle against short ways',
    }),
    fixBorders: flag.boolean({
      default: true,
      summary:
        'lead lines to one fixed voxel of each cut through a face of the chunk: lines of chunks that share a section meet there',
    }),
  },
  services: { compute: COMPUTE, store: STORE },
  effects: 'write',
  timed: true,
  infer: ({ input }) => {
    requireLabelType(input)
    return { output: { kind: 'skeletons' } }
  },
  create({ options, services: { compute, store }, logger }) {
    const { outputPath } = options
    const wanted = options.ids === undefined ? undefined : parseIds(options.ids)

    async function trace(
      chunk: Chunk,
      { signal, progress }: Pick<RunContext, 'signal' | 'progress'>,
    ): Promise<Skeletons> {
      const voxelSizeNm = voxelSizeOf(options.voxelSize, chunk)
      const all = await objectsOf(chunk, { compute, signal })
      const chosen = all.filter(({ id }) => wanted?.has(id) ?? true)
      const objects = chosen.filter(({ voxels }) => voxels >= options.dustThreshold)
      if (objects.length < chosen.length)
        logger.info(
          `${chosen.length - objects.length} objects of fewer than ${options.dustThreshold} voxels are left out`,
        )
      const bar = progress.start('skeletonising', totalVoxels(objects), 'voxels')
      try {
        return await skeletonizeObjects(
          chunk,
          objects,
          voxelSizeNm,
          {
            scale: options.scale,
            constantNm: options.constant,
            penaltyExponent: options.penaltyExponent,
            penaltyScale: options.penaltyScale,
            fixBorders: options.fixBorders,
          },
          { compute, signal },
          bar,
        )
      } finally {
        bar.end()
      }
    }
    return {
      async run(task, context) {
        const chunk = labelsOf(chunkOf(task, options.input))
        const folder =
          outputPath === undefined
            ? undefined
            : await openSkeletonFolder(store, outputPath, options.compression)
        const skeletons = await trace(chunk, context)
        if (folder !== undefined) {
          await folder.prepare(context.signal)
          const box = formatBox(chunkBox(chunk))
          await forEachParallel(skeletons, REQUESTS, context.signal, ([id, skeleton]) =>
            folder.write(`${id}:${box}`, skeleton, context.signal),
          )
        }
        task.set(options.output, skeletons)
      },
      async dryRun(task, context) {
        const chunk = labelsOf(chunkOf(task, options.input))
        const skeletons = await trace(chunk, context)
        if (outputPath !== undefined)
          logger.info(
            `dry run: would write ${skeletons.size} skeletons <id>:${formatBox(chunkBox(chunk))} to ${outputPath}`,
          )
        task.set(options.output, skeletons)
      },
    }
  },
})

const totalVoxels = (objects: readonly LabelledObject[]): number =>
  objects.reduce((sum, { voxels }) => sum + voxels, 0)

const notLabels = (what: string) =>
  chunkflowError('skeleton-labels', `skeletonize takes label volumes, not ${what}`, {
    fix: 'labels are 3-D integers; take connected-components of a map first',
  })

function labelsOf(chunk: Chunk): Chunk {
  if (isFloat(chunk.dtype) || (chunk.shape.length === 4 && chunk.shape[0] !== 1))
    throw notLabels(describeChunk(chunk))
  return squeezeChannel(chunk)
}

function requireLabelType(type: VariableType | undefined): void {
  if (type?.dtype !== undefined && isFloat(type.dtype)) throw notLabels(type.dtype)
  if (type?.shape?.length === 4 && type.shape[0] !== 1) throw notLabels(`${type.shape[0]} channels`)
}
