import {
  type Chunk,
  COMPUTE,
  chunkflowError,
  chunkOf,
  createChunk,
  defineOperator,
  describeChunk,
  equalZyx,
  flag,
  formatFlag,
  formatSize,
  isFloat,
  type Logger,
  spatialSize,
  type VariableType,
} from '@chunkflow/sdk'
import { affinityValues } from '../kernels/affinity-channels.js'
import { agglomerate } from '../kernels/agglomerate.js'
import type { SegmentationServices } from '../kernels/fragments.js'
import { renumber } from '../kernels/renumber.js'
import { requireSize, requireThresholds, watershed } from '../kernels/watershed.js'

const SCORING = 'OneMinus<MeanAffinity<RegionGraphType, ScoreValue>>'

export default defineOperator({
  name: 'agglomerate',
  summary: 'Segment an affinity map: watershed, then merging of regions by mean affinity',
  description:
    'An affinity says how surely a voxel belongs to the same object as its lower neighbour along an axis. Watershed makes small fragments; touching fragments are merged, the surest pair first, while 1 - mean affinity is below --threshold.',
  examples: [
    'create-chunk --dtype float32 --size 36 64 64 inference --framework identity --input-patch-size 20 32 32 --output-patch-overlap 4 8 8 --mask-output-chunk -o affs agglomerate -i affs -o seg --threshold 0.7',
  ],
  flags: {
    threshold: flag.number({
      char: 't',
      default: 0.7,
      summary: 'merge while 1 - mean affinity is below this',
    }),
    affThresholdLow: flag.number({
      char: 'l',
      default: 0.0001,
      summary: 'watershed: an edge must exceed it',
    }),
    affThresholdHigh: flag.number({
      char: 'h',
      default: 0.9999,
      summary: 'watershed: edges from it on always join',
    }),
    fragmentsChunkName: flag.input({
      char: 'f',
      aliases: ['fragments'],
      kind: 'chunk',
      optional: true,
      summary: 'start from these fragments instead of a watershed',
    }),
    scoringFunction: flag.text({
      char: 's',
      choices: [SCORING],
      default: SCORING,
      summary: 'waterz name of the score',
    }),
    flipChannel: flag.boolean({
      default: true,
      summary: 'channels come as x, y, z; --no-flip-channel: as z, y, x',
    }),
    inputChunkName: flag.input({
      char: 'i',
      aliases: ['input'],
      kind: 'chunk',
      summary: 'affinity map, float32 or float16',
    }),
    outputChunkName: flag.output({
      char: 'o',
      aliases: ['output'],
      kind: 'chunk',
      summary: 'segmentation, uint64',
    }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  timed: true,
  infer: ({ inputChunkName, fragmentsChunkName }, options) => {
    requireThresholds(options.affThresholdLow, options.affThresholdHigh)
    const { shape } = inputChunkName ?? {}
    if (inputChunkName !== undefined) requireAffinityType(inputChunkName)
    if (shape?.length === 4) requireSize([shape[1]!, shape[2]!, shape[3]!])
    if (fragmentsChunkName?.dtype !== undefined && isFloat(fragmentsChunkName.dtype))
      throw chunkflowError(
        'fragments-invalid',
        `agglomerate cannot start from ${fragmentsChunkName.dtype} fragments`,
        { fix: 'fragments are labels of an integer type' },
      )
    return {
      outputChunkName: {
        kind: 'chunk',
        dtype: 'uint64',
        rank: 3,
        layerType: 'segmentation',
        layerTypeDeclared: true,
        ...(shape === undefined ? {} : { shape: shape.slice(1) }),
      },
    }
  },
  estimate: ({ inputChunkName }) => {
    if (inputChunkName?.shape === undefined) return undefined
    const voxels = inputChunkName.shape.reduce((left, right) => left * right, 1) / 3
    // fragments, pointers and labels at work, the result; float16 is converted first
    return { bytes: voxels * (4 + 5 + 8 + (inputChunkName.dtype === 'float16' ? 12 : 0)) }
  },
  create: ({ options, services, logger }) => ({
    async run(task, { signal, progress }) {
      const { fragmentsChunkName, affThresholdLow: low, affThresholdHigh: high } = options
      const chunk = chunkOf(task, options.inputChunkName)
      requireAffinityType({ ...chunk, rank: chunk.shape.length })
      requireThresholds(low, high)
      const given = fragmentsChunkName === undefined ? undefined : chunkOf(task, fragmentsChunkName)
      if (given !== undefined) requireFragmentsFit(given, chunk, logger)
      const size = spatialSize(chunk)
      // a pass over the sections each: watershed, borders of regions, ids
      const bar = progress.start('agglomerate', size[0] * (given === undefined ? 3 : 2), 'sections')
      const at: SegmentationServices = {
        compute: services.compute,
        signal,
        channelOrder: options.flipChannel ? 'xyz' : 'zyx',
        onSections: (count) => bar.advance(count),
      }
      try {
        const affinity = affinityValues(chunk)
        const fragments =
          given === undefined
            ? await watershed(affinity, size, low, high, at)
            : await renumber(given.data, given.dtype, at)
        const data = await agglomerate(affinity, size, fragments, options.threshold, at)
        const { voxelOffset, voxelSize } = chunk
        task.set(
          options.outputChunkName,
          createChunk(data, size, { voxelOffset, voxelSize, layerType: 'segmentation' }),
        )
      } finally {
        bar.end()
      }
    },
  }),
})

/** @throws affinity-invalid when what is known cannot be an affinity map */
function requireAffinityType({ dtype, rank, shape }: Omit<VariableType, 'kind'>): void {
  const fits =
    (dtype === undefined || dtype === 'float32' || dtype === 'float16') &&
    (rank === undefined || rank === 4) &&
    (shape === undefined || (shape.length === 4 && shape[0] === 3))
  if (fits) return
  const size =
    shape === undefined ? (rank === undefined ? '' : ` with ${rank} axes`) : ` ${formatSize(shape)}`
  throw chunkflowError(
    'affinity-invalid',
    `agglomerate takes affinity maps of 3 channels, float32 or float16, not ${dtype ?? 'a chunk'}${size}`,
    { fix: 'name the output of inference with --input-chunk-name' },
  )
}

function requireFragmentsFit(fragments: Chunk, affinity: Chunk, logger: Logger): void {
  const size = spatialSize(affinity)
  if (fragments.shape.join() !== size.join() || isFloat(fragments.dtype))
    throw chunkflowError(
      'fragments-invalid',
      `The fragments, ${describeChunk(fragments)}, do not fit the affinities, ${describeChunk(affinity)}`,
      { fix: `fragments are integer labels of ${formatSize(size)} voxels` },
    )
  if (!equalZyx(fragments.voxelOffset, affinity.voxelOffset))
    logger.warn(
      `fragments begin at ${formatFlag(fragments.voxelOffset)}, affinities at ${formatFlag(affinity.voxelOffset)}; they are taken to cover the same voxels`,
    )
}
