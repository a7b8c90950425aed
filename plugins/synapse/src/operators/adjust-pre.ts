import { type Chunk, chunkflowError, chunkOf, defineOperator, flag, squeezeChannel } from '@chunkflow/sdk'
import { adjustToDark } from '../kernels/adjust.js'
import { synapsesOf } from '../records.js'

export default defineOperator({
  name: 'adjust-pre',
  summary: 'Move presynapses into the middle of the dark T-bars of an image',
  description:
    'Each presynapse goes to the voxel of the cube around it that is deepest in the dark: farthest from any voxel that is not. Presynapses nearer than the radius to the border of the image stay, as do those with no dark voxel around.',
  examples: [
    'create-bbox -s 0 0 0 --size 40 64 64 create-chunk -o image create-chunk --dtype float32 detect-pre-synapses --min-distance 5 adjust-pre --image image debug',
  ],
  flags: {
    input: flag.input({ char: 'i', aliases: ['input-name'], kind: 'synapses', default: 'syns' }),
    image: flag.input({ char: 'c', aliases: ['image-name'], kind: 'chunk' }),
    output: flag.output({ char: 'o', aliases: ['output-name'], kind: 'synapses', default: 'syns' }),
    imageThreshold: flag.number({
      char: 't',
      aliases: ['img-threshold', 'img_threshold'],
      default: 60,
      summary: 'voxels below it are dark',
    }),
    radius: flag.integer({
      char: 'r',
      default: 4,
      minimum: 1,
      maximum: 64,
      summary: 'half the side of the cube, voxels',
    }),
  },
  effects: 'pure',
  timed: true,
  infer: ({ image }) => {
    if (image?.shape !== undefined) requireImage({ shape: image.shape as Chunk['shape'] })
    return { output: { kind: 'synapses' } }
  },
  create: ({ options }) => ({
    run(task) {
      const synapses = synapsesOf(task, options.input)
      const image = chunkOf(task, options.image)
      requireImage(image)
      const { imageThreshold: threshold, radius } = options
      const places = Int32Array.from(synapses.pre.data as Int32Array)
      const data = adjustToDark(places, squeezeChannel(image), { threshold, radius })
      task.set(options.output, { ...synapses, pre: { ...synapses.pre, dtype: 'int32', data } })
    },
  }),
})

function requireImage({ shape }: Pick<Chunk, 'shape'>): void {
  if (shape.length === 4 && shape[0] !== 1)
    throw chunkflowError('points-map', `adjust-pre looks at one channel, not at ${shape[0]}`, {
      fix: 'load one channel of the image',
    })
}
