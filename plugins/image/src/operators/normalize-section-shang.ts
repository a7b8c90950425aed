import {
  bytesPerElement,
  chunkflowError,
  chunkOf,
  type Dtype,
  defineOperator,
  flag,
  isFloat,
} from '@chunkflow/sdk'
import { normalizeSections, type SectionTarget } from '../kernels/normalize-sections.js'
import { inferredType, resultBytes } from '../result-type.js'

export default defineOperator({
  name: 'normalize-section-shang',
  summary: 'Stretch every section to a common range, its darkest and brightest value left out of account',
  examples: [
    'create-chunk normalize-section-shang debug',
    'create-chunk --dtype float32 normalize-section-shang --nominalmin -1 --nominalmax 1 --clipvalues true debug',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    nominalmin: flag.number({ default: 0, summary: 'what the darkest values become' }),
    nominalmax: flag.number({
      defaultText: '2^bits - 1 of the input; floats need it',
      summary: 'what the brightest values become',
    }),
    clipvalues: flag.optionalBoolean({ summary: 'limit what lies beyond to the range' }),
  },
  effects: 'pure',
  timed: 'normalize-section-mu',
  infer({ inputChunkName: input }, options) {
    if (input?.dtype !== undefined) targetOf(input.dtype, options)
    return { outputChunkName: inferredType({ ...input, dtype: 'float32' }) }
  },
  halo: () => [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName, 'float32'),
  create: ({ options }) => ({
    run(task) {
      const chunk = chunkOf(task, options.inputChunkName)
      task.set(options.outputChunkName, normalizeSections(chunk, targetOf(chunk.dtype, options)))
    },
  }),
})

interface Limits {
  readonly nominalmin: number
  readonly nominalmax: number | undefined
  readonly clipvalues: boolean
}

/** @throws flag-missing, flag-invalid */
function targetOf(dtype: Dtype, { nominalmin: low, nominalmax, clipvalues: clip }: Limits): SectionTarget {
  if (nominalmax === undefined && isFloat(dtype))
    throw chunkflowError('flag-missing', `--nominalmax has no default for ${dtype} chunks`, {
      fix: 'give --nominalmax, for example 1',
    })
  const high = nominalmax ?? 2 ** (8 * bytesPerElement(dtype)) - 1
  if (low >= high)
    throw chunkflowError('flag-invalid', `--nominalmin ${low} is not below --nominalmax ${high}`, {
      fix: 'give a larger --nominalmax',
    })
  return { low, high, clip }
}
