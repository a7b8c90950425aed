import { chunkflowError, defineOperator, FILES, flag } from '@chunkflow/sdk'
import { formatExactJson } from '../exact-json.js'
import { jsonFile } from '../file-name.js'

export default defineOperator({
  name: 'save-json',
  aliases: ['write-json'],
  summary: 'Save a variable as a JSON file',
  description:
    'For scores, boxes and lists. 64-bit integers are written as decimal text, so that no reader rounds them; of chunks only the description is written. A name that does not end in .json is a prefix or a folder: the box of the task and .json are added.',
  examples: [
    'create-chunk -o a create-chunk -o b evaluate-segmentation -s a -g b save-json -i seg_score -f scores.json',
  ],
  flags: {
    inputName: flag.input({ char: 'i', aliases: ['input'], kind: 'any', nullable: true, default: 'dict' }),
    filePath: flag.text({
      char: 'f',
      aliases: ['file-name'],
      required: true,
      summary: 'file ending in .json, or folder or prefix of files named by box',
    }),
  },
  services: { files: FILES },
  effects: 'write',
  create: ({ options, services: { files }, logger }) => ({
    async run(task) {
      const text = formatExactJson(task.get(options.inputName))
      if (text === undefined)
        throw chunkflowError('json-invalid', `"${options.inputName}" has no JSON form`, {
          fix: 'save scores, boxes, lists or numbers',
        })
      await files.write(await jsonFile(files, options.filePath, task), Buffer.from(`${text}\n`))
    },
    dryRun: async (task) =>
      logger.info(`dry run: would write ${await jsonFile(files, options.filePath, task)}`),
  }),
})
