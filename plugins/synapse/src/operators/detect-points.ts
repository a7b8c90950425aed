import { COMPUTE, chunkOf, defineOperator, flag, type Points, spatialSize } from '@chunkflow/sdk'
import { globalPlaces, UNKNOWN_VOXEL_SIZE } from '../global-places.js'
import { findPeaks, requireMap } from '../kernels/peaks.js'
import { peakFlags, peakOptions, requirePeakOptions } from '../peak-flags.js'

export default defineOperator({
  name: 'detect-points',
  summary: 'Detect points: the local maxima of a probability map',
  description:
    'The map is shifted by its mean and divided by its maximum. Points are the voxels that are the maximum of the cube of half width --min-distance around them and above the threshold, at least that far from the faces of the chunk and from each other.',
  examples: ['create-chunk --dtype float32 detect-points --min-distance 5 --threshold-rel 0.5 debug'],
  flags: {
    input: flag.input({ char: 'i', aliases: ['input-chunk-name'], kind: 'chunk' }),
    output: flag.output({ char: 'o', aliases: ['output-name'], kind: 'points', default: 'point_cloud' }),
    ...peakFlags,
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  timed: true,
  infer: ({ input }, options) => {
    requirePeakOptions(options)
    if (input !== undefined) requireMap(input as never)
    return { output: { kind: 'points' } }
  },
  create: ({ options, services: { compute } }) => ({
    async run(task, { signal, progress }) {
      const chunk = chunkOf(task, options.input)
      const bar = progress.start(
        'detecting points',
        spatialSize(chunk).reduce((left, right) => left * right),
        'voxels',
      )
      try {
        const { places } = await findPeaks(chunk, peakOptions(options), { compute, signal }, bar)
        const points: Points = {
          points: globalPlaces(places, chunk),
          voxelSize: chunk.voxelSize ?? UNKNOWN_VOXEL_SIZE,
        }
        task.set(options.output, points)
      } finally {
        bar.end()
      }
    },
  }),
})
