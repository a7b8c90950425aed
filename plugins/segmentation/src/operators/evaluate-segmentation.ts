import {
  type Chunk,
  COMPUTE,
  chunkflowError,
  chunkOf,
  defineOperator,
  describeChunk,
  FILES,
  flag,
  isFloat,
} from '@chunkflow/sdk'
import { connectedComponents } from '@chunkflow/sdk/numerics'
import { countLabelPairs } from '../kernels/contingency.js'
import { type SegmentationScores, scoreSegmentation, sixDigits } from '../kernels/scores.js'

export default defineOperator({
  name: 'evaluate-segmentation',
  summary: 'Compare a segmentation with ground truth',
  description:
    'Rand split and merge (higher is better) and variation of information in bits (lower is better) ignore voxels whose ground truth is 0; so does the adapted Rand error, defined as in scikit-image. The second family (Rand index and so on) counts all voxels.',
  examples: [
    'create-chunk -o seg create-chunk -o gt evaluate-segmentation -s seg -g gt',
    'create-chunk --dtype uint32 -o a evaluate-segmentation -s a -g a --metric voi --json scores.json',
  ],
  flags: {
    segmentationChunkName: flag.input({ char: 's', aliases: ['segmentation'], kind: 'chunk' }),
    groundtruthChunkName: flag.input({
      char: 'g',
      aliases: ['groundtruth'],
      kind: 'chunk',
      default: 'groundtruth',
    }),
    splitComponents: flag.boolean({
      summary: 'first split ground truth into 6-connected pieces: objects cut by the border of the chunk',
    }),
    metric: flag.text({
      choices: ['all', 'rand', 'voi', 'adapted-rand', 'gala'],
      default: 'all',
      summary: 'which scores are printed',
    }),
    json: flag.text({ summary: 'also write all scores to this JSON file' }),
    output: flag.output({
      char: 'o',
      kind: 'scores',
      default: 'seg_score',
      summary: 'variable for the scores',
    }),
  },
  services: { compute: COMPUTE, files: FILES },
  effects: 'pure',
  create: ({ options, services, globals, logger }) => ({
    async run(task, { signal }) {
      const at = { compute: services.compute, signal }
      const segmentation = chunkOf(task, options.segmentationChunkName)
      const given = chunkOf(task, options.groundtruthChunkName)
      requireComparable(segmentation, given)
      if (segmentation.voxelOffset.join() !== given.voxelOffset.join())
        logger.warn(
          `segmentation and ground truth have different offsets (${segmentation.voxelOffset.join(' ')} and ${given.voxelOffset.join(' ')}); they are compared voxel by voxel all the same`,
        )
      const groundtruth = options.splitComponents
        ? await connectedComponents(given, { connectivity: 6 }, at)
        : given
      const pairs = await countLabelPairs(segmentation, groundtruth, at)
      if (pairs.every((pair) => pair.groundtruth === 0n))
        logger.warn('ground truth is 0 everywhere: there is nothing to compare with')
      const scores = scoreSegmentation(pairs)
      for (const line of describeScores(scores, options.metric)) logger.result(line)
      if (options.json !== undefined && globals.dryRun) logger.info(`dry run: would write ${options.json}`)
      else if (options.json !== undefined)
        await services.files.write(options.json, Buffer.from(`${JSON.stringify(scores, null, 2)}\n`))
      task.set(options.output, scores)
    },
  }),
})

function requireComparable(segmentation: Chunk, groundtruth: Chunk): void {
  for (const chunk of [segmentation, groundtruth])
    if (chunk.shape.length !== 3 || isFloat(chunk.dtype))
      throw chunkflowError(
        'evaluation-invalid',
        `evaluate-segmentation compares 3-D label volumes, not ${describeChunk(chunk)}`,
        { fix: 'labels are integers; threshold maps and take connected-components first' },
      )
  if (segmentation.shape.join() !== groundtruth.shape.join())
    throw chunkflowError(
      'evaluation-invalid',
      `${describeChunk(segmentation)} and ${describeChunk(groundtruth)} differ in shape`,
      { fix: 'crop one of them with crop-margin' },
    )
}

function describeScores(
  scores: SegmentationScores,
  metric: 'all' | 'rand' | 'voi' | 'adapted-rand' | 'gala',
): string[] {
  const shown = (family: typeof metric): boolean => metric === 'all' || metric === family
  return [
    ...(shown('rand')
      ? [`Rand split: ${sixDigits(scores.rand_split)}`, `Rand merge: ${sixDigits(scores.rand_merge)}`]
      : []),
    ...(shown('voi')
      ? [`VOI split: ${sixDigits(scores.voi_split)}`, `VOI merge: ${sixDigits(scores.voi_merge)}`]
      : []),
    ...(shown('adapted-rand') ? [`Adapted Rand error: ${sixDigits(scores.adapted_rand_error)}`] : []),
    ...(shown('gala')
      ? [
          `rand index: ${scores.rand_index.toFixed(3)}`,
          `adjusted rand index: ${scores.adjusted_rand_index.toFixed(3)}`,
          `variation of information: ${scores.variation_of_information.toFixed(3)}`,
          `edit distance: (${scores.edit_distance.join(', ')})`,
          `Fowlkes Mallows Index: ${scores.fowlkes_mallows_index.toFixed(3)}`,
        ]
      : []),
  ]
}
