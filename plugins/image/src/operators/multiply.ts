import { arithmetic, chunkflowError, chunkOf, defineOperator, flag } from '@chunkflow/sdk'

export default defineOperator({
  name: 'multiply',
  summary: 'Multiply chunks voxel by voxel with another one',
  examples: [
    'create-chunk create-chunk -o mask --dtype uint8 threshold -i mask -o mask -t 128 multiply -i chunk -m mask debug',
  ],
  flags: {
    inputNames: flag.inputs({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputNames: flag.outputs({ char: 'o', aliases: ['output'], kind: 'chunk', defaultText: 'the inputs' }),
    multiplierName: flag.input({
      char: 'm',
      required: true,
      kind: 'chunk',
      summary: 'chunk to multiply with; a 3-D one meets every channel',
    }),
  },
  effects: 'pure',
  halo: () => [0, 0, 0],
  infer(_, { inputNames, outputNames = inputNames }) {
    if (outputNames.length !== inputNames.length)
      throw chunkflowError(
        'flag-invalid',
        `${inputNames.length} inputs (${inputNames.join(', ')}) cannot give ${outputNames.length} outputs (${outputNames.join(', ')})`,
        { fix: 'name as many --output-names as --input-names' },
      )
    return {}
  },
  create: ({ options: { inputNames, outputNames = inputNames, multiplierName } }) => ({
    run(task) {
      const multiplier = chunkOf(task, multiplierName)
      // all products before the first is set: an output may be the name of a later input
      const products = inputNames.map((name) => arithmetic(chunkOf(task, name), 'multiply', multiplier))
      for (const [index, product] of products.entries()) task.set(outputNames[index]!, product)
    },
  }),
})
