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
  create({ options }) {
    const outputs = options.outputNames ?? options.inputNames
    if (outputs.length !== options.inputNames.length)
      throw chunkflowError(
        'flag-invalid',
        `${options.inputNames.length} inputs cannot give ${outputs.length} outputs`,
        { fix: 'name as many --output-names as --input-names' },
      )
    return {
      run(task) {
        const multiplier = chunkOf(task, options.multiplierName)
        const products = options.inputNames.map((name) =>
          arithmetic(chunkOf(task, name), 'multiply', multiplier),
        )
        products.forEach((product, index) => {
          task.set(outputs[index]!, product)
        })
      },
    }
  },
})
