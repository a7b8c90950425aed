import {
  type Chunk,
  COMPUTE,
  chunkflowError,
  chunkOf,
  defineOperator,
  FILES,
  flag,
  formatFlag,
  formatSize,
  type Logger,
  type RunContext,
  type Task,
} from '@chunkflow/sdk'
import { connectedComponents } from '@chunkflow/sdk/numerics'
import { countLabelPairs } from '../kernels/contingency.js'
import { labelledVoxels, type SegmentationScores, scoreSegmentation, sixDigits } from '../kernels/scores.js'
import { requireLabels, requireLabelType } from '../labels.js'

const NAME = 'evaluate-segmentation'
const METRICS = ['all', 'rand', 'voi', 'adapted-rand', 'gala'] as const

export default defineOperator({
  name: NAME,
  summary: 'Compare a segmentation with ground truth',
  description:
    'Rand split and merge (higher is better) and variation of information in bits (lower is better) ignore voxels whose ground truth is 0; so does the adapted Rand error, defined as in scikit-image. The second family, gala, begins with the Rand index of all voxels.',
  examples: [
    'create-chunk -o seg create-chunk -o gt evaluate-segmentation -s seg -g gt',
    'create-chunk --dtype uint32 -o a evaluate-segmentation -s a -g a --metric voi --json scores.json',
  ],
  flags: {
    segmentationChunkName: flag.input({ char: 's', aliases: ['segmentation', 'input'], kind: 'chunk' }),
    groundtruthChunkName: flag.input({
      char: 'g',
      aliases: ['groundtruth'],
      kind: 'chunk',
      default: 'groundtruth',
    }),
    splitComponents: flag.boolean({
      summary: 'first split ground truth into 6-connected pieces: objects cut by the border of the chunk',
    }),
    metric: flag.text({ choices: METRICS, default: 'all', summary: 'which scores are printed' }),
    json: flag.text({ summary: 'also write all scores to this JSON file' }),
    output: flag.output({
      char: 'o',
      kind: 'scores',
      default: 'seg_score',
      summary: 'variable for the scores',
    }),
  },
  services: { compute: COMPUTE, files: FILES },
  effects: 'write',
  infer: ({ segmentationChunkName: segmentation, groundtruthChunkName: groundtruth }) => {
    requireLabelType(NAME, segmentation)
    requireLabelType(NAME, groundtruth)
    if (segmentation?.shape !== undefined && groundtruth?.shape !== undefined)
      requireEqualShapes(segmentation.shape, groundtruth.shape)
    return { output: { kind: 'scores' } }
  },
  create: ({ options, services, logger }) => {
    const { json } = options
    return {
      async run(task, context) {
        const scores = await evaluate(task, context)
        if (json !== undefined)
          await services.files.write(json, Buffer.from(`${JSON.stringify(scores, null, 2)}\n`))
      },
      async dryRun(task, context) {
        await evaluate(task, context)
        if (json !== undefined) logger.info(`would write the scores to ${services.files.resolve(json)}`)
      },
    }

    async function evaluate(task: Task, { signal }: RunContext): Promise<SegmentationScores> {
      const at = { compute: services.compute, signal }
      const segmentation = chunkOf(task, options.segmentationChunkName)
      const given = chunkOf(task, options.groundtruthChunkName)
      requireLabels(NAME, segmentation)
      requireLabels(NAME, given)
      requireEqualShapes(segmentation.shape, given.shape)
      warnOfPlacement(segmentation, given, logger)
      const groundtruth = options.splitComponents
        ? await connectedComponents(given, { connectivity: 6 }, at)
        : given
      const table = await countLabelPairs(segmentation, groundtruth, at)
      if (labelledVoxels(table) === 0)
        logger.warn('ground truth is 0 everywhere: there is nothing to compare with')
      const scores = scoreSegmentation(table)
      for (const line of describeScores(scores, options.metric)) logger.result(line)
      task.set(options.output, scores)
      return scores
    }
  },
})

function requireEqualShapes(segmentation: readonly number[], groundtruth: readonly number[]): void {
  if (segmentation.join() !== groundtruth.join())
    throw chunkflowError(
      'evaluation-invalid',
      `A segmentation of ${formatSize(segmentation)} voxels cannot be compared with ground truth of ${formatSize(groundtruth)}`,
      { fix: 'crop one of them with crop-margin' },
    )
}

/** Voxels are compared by index, whatever the places say. */
function warnOfPlacement(segmentation: Chunk, groundtruth: Chunk, logger: Logger): void {
  const warn = (what: string, one: readonly number[], other: readonly number[]): void => {
    if (one.join() !== other.join())
      logger.warn(
        `segmentation and ground truth differ in ${what} (${formatFlag(one)} and ${formatFlag(other)}); they are compared voxel by voxel all the same`,
      )
  }
  warn('offset', segmentation.voxelOffset, groundtruth.voxelOffset)
  if (segmentation.voxelSize !== null && groundtruth.voxelSize !== null)
    warn('voxel size', segmentation.voxelSize, groundtruth.voxelSize)
}

function describeScores(scores: SegmentationScores, metric: (typeof METRICS)[number]): string[] {
  const lines = {
    rand: [`Rand split: ${sixDigits(scores.rand_split)}`, `Rand merge: ${sixDigits(scores.rand_merge)}`],
    voi: [`VOI split: ${sixDigits(scores.voi_split)}`, `VOI merge: ${sixDigits(scores.voi_merge)}`],
    'adapted-rand': [`Adapted Rand error: ${sixDigits(scores.adapted_rand_error)}`],
    gala: [
      `rand index: ${scores.rand_index.toFixed(3)}`,
      `adjusted rand index: ${scores.adjusted_rand_index.toFixed(3)}`,
      `variation of information: ${scores.variation_of_information.toFixed(3)}`,
      `edit distance: (${scores.edit_distance.join(', ')})`,
      `Fowlkes Mallows Index: ${scores.fowlkes_mallows_index.toFixed(3)}`,
    ],
  }
  return metric === 'all' ? Object.values(lines).flat() : lines[metric]
}
