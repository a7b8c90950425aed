import { bytesPerElement, defineOperator, flag } from '@chunkflow/sdk'
import { deepCopy } from '../kernels/deep-copy.js'

export default defineOperator({
  name: 'copy-var',
  summary: 'Copy a variable to another name',
  examples: ['create-chunk copy-var --from-name chunk --to-name original multiply -m original'],
  flags: {
    fromName: flag.input({ char: 'f', aliases: ['input'], kind: 'any', nullable: true }),
    toName: flag.output({ char: 't', aliases: ['output'], kind: 'any' }),
    deepCopy: flag.boolean({
      default: true,
      no: 'shallow-copy',
      summary: 'copy the voxels too; --shallow-copy shares them',
    }),
  },
  effects: 'pure',
  infer: ({ fromName }) => (fromName === undefined ? {} : { toName: fromName }),
  estimate({ fromName }, options) {
    if (!options.deepCopy || fromName?.shape === undefined || fromName.dtype === undefined) return undefined
    const voxels = fromName.shape.reduce((left, right) => left * right, 1)
    return { bytes: voxels * bytesPerElement(fromName.dtype) }
  },
  create: ({ options }) => ({
    run(task) {
      const value = task.get(options.fromName)
      task.set(options.toName, options.deepCopy ? deepCopy(value) : value)
    },
  }),
})
