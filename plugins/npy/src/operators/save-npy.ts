import {
  chunkBox,
  chunkflowError,
  defineOperator,
  describeValue,
  FILES,
  flag,
  isChunk,
  isPlainArray,
  optionalBoxOf,
  type Task,
} from '@chunkflow/sdk'
import { fileOfBox, namesOneFile } from '../file-name.js'
import { writeNpy } from '../write-npy.js'

export default defineOperator({
  name: 'save-npy',
  aliases: ['write-npy'],
  summary: 'Save a chunk, or a plain array, to a NumPy file',
  description:
    'Only the array is saved, neither its offset nor its voxel size. A name that does not end in .npy is a prefix or a folder: the box of the chunk and .npy are added. An existing file is replaced. Null leaves an empty file, which load-npy reads as null.',
  examples: ['create-chunk --dtype float32 save-npy -f a.npy', 'create-chunk save-npy -f part-'],
  flags: {
    inputChunkName: flag.input({
      char: 'i',
      aliases: ['input', 'input-name'],
      kind: ['chunk', 'array'],
      nullable: true,
    }),
    fileName: flag.text({
      char: 'f',
      aliases: ['file-path'],
      required: true,
      summary: 'file, or prefix of files named by box',
    }),
  },
  services: { files: FILES },
  effects: 'write',
  create({ options, services: { files }, logger }) {
    const { fileName, inputChunkName } = options

    async function fileFor(task: Task): Promise<string> {
      if (namesOneFile(fileName)) return fileName
      const value = task.get(inputChunkName)
      const box = isChunk(value) ? chunkBox(value) : optionalBoxOf(task)
      if (box === undefined)
        throw chunkflowError('task-no-bbox', 'There is neither a chunk nor a box to name the file by', {
          fix: 'give a --file-name that ends in .npy',
        })
      return fileOfBox(files, fileName, box)
    }
    return {
      async run(task) {
        const value = task.get(inputChunkName)
        const file = await fileFor(task)
        if (value === null) await files.write(file, new Uint8Array(0))
        else if (isChunk(value) || isPlainArray(value))
          await files.writeAtomic(file, (temporary) => writeNpy(temporary, value))
        else
          throw chunkflowError('plan-kind-mismatch', `save-npy saves arrays, not ${describeValue(value)}`, {
            fix: 'name another variable with --input-chunk-name',
          })
      },
      async dryRun(task) {
        logger.info(`dry run: would write ${await fileFor(task)}`)
      },
    }
  },
})
