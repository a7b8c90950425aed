import { boxOf, COMPUTE, chunkOf, defineOperator, flag, type Synapses, spatialSize } from '@chunkflow/sdk'
import { globalPlaces, UNKNOWN_VOXEL_SIZE } from '../global-places.js'
import { isInside, keepPre } from '../keep.js'
import { findPeaks, requireMap } from '../kernels/peaks.js'
import { peakFlags, peakOptions, requirePeakOptions } from '../peak-flags.js'

export default defineOperator({
  name: 'detect-pre-synapses',
  summary: 'Detect presynapses: the local maxima of a probability map inside the box of the task',
  description:
    "As detect-points; what lies outside the task's box, in the margin that neighbouring tasks share, is left to them. The confidence is the value of the map above its mean, of the largest one. No presynapses give null.",
  examples: [
    'create-bbox -s 0 0 0 --size 40 64 64 create-chunk --dtype float32 detect-pre-synapses --min-distance 5 debug',
  ],
  flags: {
    input: flag.input({ char: 'i', aliases: ['input-chunk-name'], kind: 'chunk' }),
    output: flag.output({
      char: 'o',
      aliases: ['output-name'],
      kind: 'synapses',
      default: 'syns',
      nullable: true,
    }),
    ...peakFlags,
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  timed: true,
  requires: ['bbox'],
  infer: ({ input }, options) => {
    requirePeakOptions(options)
    if (input !== undefined) requireMap(input as never)
    return { output: { kind: 'synapses' } }
  },
  create: ({ options, services: { compute } }) => ({
    async run(task, { signal, progress }) {
      const chunk = chunkOf(task, options.input)
      const box = boxOf(task)
      const bar = progress.start(
        'detecting presynapses',
        spatialSize(chunk).reduce((left, right) => left * right),
        'voxels',
      )
      try {
        const { places, confidences } = await findPeaks(chunk, peakOptions(options), { compute, signal }, bar)
        const all: Synapses = {
          pre: globalPlaces(places, chunk),
          post: null,
          resolution: chunk.voxelSize ?? UNKNOWN_VOXEL_SIZE,
          preConfidence: confidences,
        }
        const inside = isInside(all, box)
        task.set(options.output, inside.includes(true) ? keepPre(all, inside) : null)
      } finally {
        bar.end()
      }
    },
  }),
})
