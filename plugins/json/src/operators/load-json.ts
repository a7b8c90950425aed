import { chunkflowError, defineOperator, FILES, flag } from '@chunkflow/sdk'
import { parseExactJson } from '../exact-json.js'
import { jsonFile } from '../file-name.js'

export default defineOperator({
  name: 'load-json',
  aliases: ['read-json'],
  nameChar: 'n',
  summary: 'Load a JSON file into a variable',
  description:
    'A name that does not end in .json is a prefix or a folder: `<prefix><box>.json` is then read. Integers beyond 2^53 become bigint: segment ids are never rounded.',
  examples: [
    'create-chunk -o a create-chunk -o b evaluate-segmentation -s a -g b save-json -i seg_score -f scores.json load-json -f scores.json debug',
  ],
  flags: {
    filePath: flag.text({
      char: 'f',
      aliases: ['file-name'],
      required: true,
      summary: 'file ending in .json, or folder or prefix of files named by box',
    }),
    outputName: flag.output({ char: 'o', aliases: ['output'], kind: 'json', default: 'dict' }),
  },
  services: { files: FILES },
  effects: 'read',
  timed: true,
  create: ({ options, services: { files } }) => ({
    async run(task) {
      const file = await jsonFile(files, options.filePath, task)
      const text = Buffer.from(await files.read(file)).toString('utf8')
      try {
        task.set(options.outputName, parseExactJson(text))
      } catch (cause) {
        throw chunkflowError('json-invalid', `${file} is not JSON: ${(cause as Error).message}`, {
          fix: 'check the file with a JSON validator',
          cause,
        })
      }
    },
  }),
})
