import {
  astype,
  type Chunk,
  COMPUTE,
  chunkflowError,
  chunkOf,
  createChunk,
  defineOperator,
  describeChunk,
  emptyChunk,
  equalZyx,
  flag,
  spatialSize,
} from '@chunkflow/sdk'
import { affinityChannels, RegionSession, type SegmentationServices } from '../kernels/watershed.js'

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
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk', summary: 'affinity map' }),
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
  infer: ({ inputChunkName }) => {
    if (inputChunkName?.rank === 3 || (inputChunkName?.shape !== undefined && inputChunkName.shape[0] !== 3))
      throw chunkflowError(
        'affinity-invalid',
        `agglomerate needs an affinity map of 3 channels, and this variable has ${inputChunkName.rank === 3 ? 'none' : inputChunkName.shape?.[0]}`,
        { fix: 'name the output of inference with --input-chunk-name' },
      )
    const shape = inputChunkName?.shape?.slice(1)
    return {
      outputChunkName: {
        kind: 'chunk',
        dtype: 'uint64',
        rank: 3,
        layerType: 'segmentation',
        layerTypeDeclared: true,
        ...(shape === undefined ? {} : { shape }),
      },
    }
  },
  estimate: ({ inputChunkName }) =>
    inputChunkName?.shape === undefined
      ? undefined
      : { bytes: (inputChunkName.shape.reduce((left, right) => left * right, 1) / 3) * 17 },
  create: ({ options, services }) => ({
    async run(task, { signal, progress }) {
      const input = chunkOf(task, options.inputChunkName)
      const chunk = input.dtype === 'float16' ? astype(input, 'float32') : input
      const bar = progress.start('agglomerate', chunk.shape.at(-3)! * 2, 'sections')
      try {
        task.set(
          options.outputChunkName,
          await segment(chunk, { compute: services.compute, signal, progress: bar }),
        )
      } finally {
        bar.end()
      }

      async function segment(affinities: Chunk, at: SegmentationServices): Promise<Chunk> {
        const channels = affinityChannels(affinities, options.flipChannel)
        const { voxelOffset, voxelSize } = affinities
        const result = emptyChunk('uint64', channels.size, {
          voxelOffset,
          voxelSize,
          layerType: 'segmentation',
        })
        const regions = await RegionSession.open(channels.size, at)
        try {
          const ids =
            options.fragmentsChunkName === undefined
              ? undefined
              : await regions.useFragments(fragmentsOf(affinities), at)
          const count =
            ids?.length ??
            (await regions.watershed(channels, options.affThresholdLow, options.affThresholdHigh))
          const roots = await regions.mergeRegions(channels, count, options.threshold, at)
          await regions.write(result.data as BigUint64Array, roots, ids)
        } finally {
          await regions.close()
        }
        return createChunk(result.data, channels.size, { voxelOffset, voxelSize, layerType: 'segmentation' })
      }

      function fragmentsOf(affinities: Chunk): Chunk {
        const fragments = chunkOf(task, options.fragmentsChunkName!)
        if (
          fragments.shape.length !== 3 ||
          !equalZyx(spatialSize(fragments), spatialSize(affinities)) ||
          fragments.dtype.startsWith('float')
        )
          throw chunkflowError(
            'affinity-invalid',
            `The fragments, ${describeChunk(fragments)}, do not fit the affinities, ${describeChunk(affinities)}`,
            { fix: 'fragments are a 3-D label volume of the same size' },
          )
        return astype(fragments, 'uint64')
      }
    },
  }),
})
