import {
  chunkflowError,
  chunkOf,
  defineOperator,
  describeChunk,
  FILES,
  flag,
  squeezeChannel,
  type Task,
} from '@chunkflow/sdk'
import { fileOfChunk } from '../file-name.js'
import { requireMode, requireStart, writeMrc } from '../write-mrc.js'

export default defineOperator({
  name: 'save-mrc',
  aliases: ['write-mrc'],
  summary: 'Save a chunk as an MRC file',
  description:
    'Bytes, 16-bit integers, half and single floats as they are, without loss. Unsigned bytes carry the stamp by which IMOD and others know them. Offset and voxel size go into the header; several channels become a stack of volumes, a single one is dropped. An existing file is replaced.',
  examples: [
    'create-chunk --voxel-size 40 4 4 save-mrc --file-name img.mrc',
    'create-chunk --dtype uint32 save-mrc -f labels --dtype uint16',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input', 'input-name'], kind: 'chunk' }),
    fileName: flag.text({
      char: 'f',
      defaultText: '<bbox>.mrc',
      summary:
        'file; a name without extension becomes <name>_<bbox>.mrc, in a folder the default name is used',
    }),
    dtype: flag.text({
      char: 'd',
      choices: ['int8', 'uint8', 'int16', 'uint16', 'float32'],
      defaultText: "the chunk's",
      summary: 'convert to this element type; refused when a voxel would change',
    }),
  },
  services: { files: FILES },
  effects: 'write',
  infer({ inputChunkName }, { dtype }) {
    const stored = dtype ?? inputChunkName?.dtype
    if (stored !== undefined) requireMode(stored)
    return {}
  },
  create: ({ options, services: { files }, logger }) => {
    /** What goes where, after all that would refuse it but for voxels that do not fit. */
    async function plan(task: Task) {
      const given = chunkOf(task, options.inputChunkName)
      if (given.data.length === 0)
        throw chunkflowError('mrc-options', `${describeChunk(given)} is empty: MRC has no axes of size 0`, {
          fix: 'crop less',
        })
      const chunk = given.shape[0] === 1 && given.shape.length === 4 ? squeezeChannel(given) : given
      const file = await fileOfChunk(files, options.fileName, chunk)
      const dtype = options.dtype ?? (chunk.dtype === 'bool' ? 'uint8' : chunk.dtype)
      requireMode(dtype)
      requireStart(chunk)
      return { chunk, file, dtype }
    }
    return {
      async run(task, { signal, progress }) {
        const { chunk, file, dtype } = await plan(task)
        const bar = progress.start(`writing ${file}`, chunk.data.length, 'voxels')
        try {
          await files.writeAtomic(file, (temporary) =>
            writeMrc(temporary, chunk, { dtype, signal, advance: (elements) => bar.advance(elements) }),
          )
        } finally {
          bar.end()
        }
      },
      async dryRun(task) {
        const { file } = await plan(task)
        logger.info(`dry run: would write ${file}`)
      },
    }
  },
})
