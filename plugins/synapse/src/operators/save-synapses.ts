import { defineOperator, FILES, flag, HDF5, tableFromSynapses } from '@chunkflow/sdk'
import { jsonFromSynapses } from '../files/json.js'
import { isJson, targetFile } from '../files/names.js'
import { synapsesOf } from '../records.js'

export default defineOperator({
  name: 'save-synapses',
  summary: 'Save synapses to an HDF5 or JSON file',
  description:
    'A path that ends in neither .h5 nor .json is a folder or a prefix: the box of the task, if there is one, and .h5 are added. Null leaves an empty file, which is read as null.',
  examples: [
    'create-bbox -s 0 0 0 --size 40 64 64 create-chunk --dtype float32 --size 40 64 64 detect-pre-synapses --min-distance 5 save-synapses -f pre- load-synapses -f pre-',
  ],
  flags: {
    inputName: flag.input({
      char: 'i',
      aliases: ['input'],
      kind: 'synapses',
      default: 'syns',
      nullable: true,
    }),
    filePath: flag.text({
      char: 'f',
      required: true,
      summary: 'file, or folder or prefix of files named by box',
    }),
  },
  services: { files: FILES, hdf5: HDF5 },
  effects: 'write',
  create: ({ options, services: { files, hdf5 }, logger }) => ({
    async run(task, { signal }) {
      const synapses = task.get(options.inputName) === null ? null : synapsesOf(task, options.inputName)
      const file = await targetFile(files, options.filePath, task)
      if (synapses === null) await files.write(file, new Uint8Array(0))
      else if (isJson(file)) await files.write(file, Buffer.from(jsonFromSynapses(synapses)))
      else await hdf5.write(file, tableFromSynapses(synapses), { signal })
    },
    dryRun: async (task) =>
      logger.info(`dry run: would write ${await targetFile(files, options.filePath, task)}`),
  }),
})
