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
import { AXIS_ORDERS } from '../axes.js'
import { fileOfChunk } from '../file-name.js'
import { storedDtype, writeNrrd } from '../write-nrrd.js'

export default defineOperator({
  name: 'save-nrrd',
  aliases: ['write-nrrd'],
  summary: 'Save a chunk as an NRRD file',
  description:
    'In the element type of the chunk and without loss; the format has neither bool nor half floats, which become uint8 and float32. The header places the chunk in space, for ITK, Slicer and the like. A single channel is dropped. An existing file is replaced.',
  examples: [
    'create-chunk save-nrrd --file-name img.nrrd',
    'create-chunk --dtype float32 save-nrrd -f part --encoding raw',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input', 'input-name'], kind: 'chunk' }),
    fileName: flag.text({
      char: 'f',
      defaultText: '<bbox>.nrrd',
      summary: 'file; a name without .nrrd becomes <name>_<bbox>.nrrd, in a folder the default name is used',
    }),
    encoding: flag.text({
      choices: ['gzip', 'raw'],
      default: 'gzip',
      summary: 'parts of raw files can be read without the rest',
    }),
    compressionLevel: flag.integer({ minimum: 1, maximum: 9, defaultText: '6', summary: 'of gzip' }),
    axisOrder: flag.text({
      choices: AXIS_ORDERS,
      default: 'xyz',
      summary: 'axes of the file, fastest first; zyx as the Python release wrote them',
    }),
  },
  services: { files: FILES },
  effects: 'write',
  create: ({ options, services: { files }, logger }) => {
    /** What goes where, after all that would refuse it. */
    async function plan(task: Task) {
      const given = chunkOf(task, options.inputChunkName)
      if (given.data.length === 0)
        throw chunkflowError('nrrd-options', `${describeChunk(given)} is empty: NRRD has no axes of size 0`, {
          fix: 'crop less',
        })
      const chunk = given.shape[0] === 1 && given.shape.length === 4 ? squeezeChannel(given) : given
      return { chunk, file: await fileOfChunk(files, options.fileName, chunk) }
    }
    return {
      async run(task, { signal, progress }) {
        const { chunk, file } = await plan(task)
        const stored = storedDtype(chunk.dtype)
        if (stored !== chunk.dtype) logger.info(`NRRD has no ${chunk.dtype}: ${file} holds ${stored}`)
        const bar = progress.start(`writing ${file}`, chunk.data.length, 'voxels')
        try {
          await files.writeAtomic(file, (temporary) =>
            writeNrrd(temporary, chunk, {
              encoding: options.encoding,
              axisOrder: options.axisOrder,
              compressionLevel: options.compressionLevel,
              signal,
              advance: (elements) => bar.advance(elements),
            }),
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
