import { cloneChunk, defineOperator, flag, isChunk } from '@chunkflow/sdk'

export default defineOperator({
  name: 'copy-var',
  summary: 'Copy a variable to another name',
  examples: ['create-chunk copy-var --from-name chunk --to-name original multiply -m original'],
  flags: {
    fromName: flag.input({ char: 'f', aliases: ['input'], kind: 'any', nullable: true, default: 'chunk' }),
    toName: flag.output({ char: 't', aliases: ['output'], kind: 'any', default: 'chunk' }),
    deepCopy: flag.boolean({
      default: true,
      no: 'shallow-copy',
      summary: 'copy the voxels too; --shallow-copy shares them',
    }),
  },
  effects: 'pure',
  infer: ({ fromName }) => (fromName === undefined ? {} : { toName: fromName }),
  create: ({ options }) => ({
    run(task) {
      const value = task.get(options.fromName)
      task.set(options.toName, options.deepCopy ? copyOf(value) : value)
    },
  }),
})

function copyOf(value: unknown): unknown {
  if (isChunk(value)) return cloneChunk(value)
  return typeof value === 'object' && value !== null ? structuredClone(value) : value
}
