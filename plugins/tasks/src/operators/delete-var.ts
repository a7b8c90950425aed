import { chunkflowError, defineOperator, flag } from '@chunkflow/sdk'

export default defineOperator({
  name: 'delete-var',
  aliases: ['delete-chunk'],
  summary: 'Remove variables, to free their memory',
  examples: ['create-chunk delete-var --var-names chunk'],
  flags: {
    varNames: flag.inputs({
      char: 'v',
      charAliases: ['c'],
      kind: 'any',
      nullable: true,
      required: true,
      aliases: ['chunk-name'],
      summary: 'names, separated by commas',
    }),
  },
  effects: 'pure',
  deletes: ['varNames'],
  create: ({ options }) => ({
    run(task) {
      for (const name of options.varNames) {
        if (!task.has(name))
          throw chunkflowError('task-variable-missing', `The task has no variable "${name}"`, {
            fix: `it has: ${task.names().join(', ') || 'none'}`,
          })
        task.delete(name)
      }
    },
  }),
})
