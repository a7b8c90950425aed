import { chunkflowError, chunkOf, defineOperator, flag } from '@chunkflow/sdk'
import { RESCALE_DTYPES, rescaleIntensity } from '../kernels/intensity.js'
import { inferredType, requireDtype, resultBytes } from '../result-type.js'

const FIX = 'it is meant for images and maps'

export default defineOperator({
  name: 'rescale-intensity',
  summary: 'Clamp intensities to a range and map it to [0, 255]; the element type is kept',
  examples: ['create-chunk rescale-intensity --low 20 --high 200 debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    low: flag.number({ char: 'l', defaultText: 'the smallest voxel', summary: 'becomes 0' }),
    high: flag.number({ char: 'u', defaultText: 'the largest voxel', summary: 'becomes 255' }),
  },
  effects: 'pure',
  infer({ inputChunkName: input }, { low, high }) {
    if (low !== undefined && high !== undefined && low >= high)
      throw chunkflowError('flag-invalid', `--low ${low} is not below --high ${high}`, {
        fix: 'to invert an image use inverse',
      })
    requireDtype('rescale-intensity', input, RESCALE_DTYPES, FIX)
    return input === undefined ? {} : { outputChunkName: inferredType(input) }
  },
  // without limits the smallest and the largest voxel of the whole chunk count
  halo: ({ low, high }) => (low === undefined || high === undefined ? undefined : [0, 0, 0]),
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName),
  create: ({ options: { inputChunkName, outputChunkName, low, high } }) => ({
    run(task) {
      const chunk = chunkOf(task, inputChunkName)
      requireDtype('rescale-intensity', chunk, RESCALE_DTYPES, FIX)
      task.set(outputChunkName, rescaleIntensity(chunk, low, high))
    },
  }),
})
