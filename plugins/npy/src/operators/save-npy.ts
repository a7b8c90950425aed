import { chunkBox, chunkOf, defineOperator, FILES, flag } from '@chunkflow/sdk'
import { npyFile } from '../file-name.js'
import { writeNpy } from '../npy-file.js'

export default defineOperator({
  name: 'save-npy',
  aliases: ['write-npy'],
  summary: 'Save a chunk as a NumPy array file',
  description:
    'The array only: offset and voxel size are not part of the format. A name that does not end in .npy is a prefix, to which the box of the chunk is added.',
  examples: ['create-chunk --dtype uint64 save-npy -f labels.npy'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    fileName: flag.text({
      char: 'f',
      aliases: ['file-path'],
      required: true,
      summary: 'file ending in .npy, or folder or prefix',
    }),
  },
  services: { files: FILES },
  effects: 'write',
  create: ({ options, services: { files }, logger }) => ({
    async run(task) {
      const chunk = chunkOf(task, options.inputChunkName)
      const file = await npyFile(files, options.fileName, chunkBox(chunk))
      await files.writeAtomic(file, (temporary) => writeNpy(temporary, chunk.data, chunk.shape, chunk.dtype))
    },
    dryRun: async (task) =>
      logger.info(
        `dry run: would write ${await npyFile(files, options.fileName, chunkBox(chunkOf(task, options.inputChunkName)))}`,
      ),
  }),
})
