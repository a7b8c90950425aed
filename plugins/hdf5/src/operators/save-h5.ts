import {
  astype,
  type BoundingBox,
  COMPUTE,
  chunkBox,
  chunkflowError,
  DTYPE_NAMES,
  defineOperator,
  describeValue,
  FILES,
  flag,
  formatBox,
  isChunk,
  optionalBoxOf,
  type Task,
} from '@chunkflow/sdk'
import { writeHdf5 } from '../hdf5-file.js'

export default defineOperator({
  name: 'save-h5',
  aliases: ['write-h5'],
  summary: 'Save a chunk to an HDF5 file',
  description:
    'A file name that does not end in .h5 is a prefix: the box of the chunk and .h5 are added. An existing file is replaced. Null leaves an empty file, as a mark that the task was done.',
  examples: [
    'create-chunk save-h5 --file-name a.h5',
    'create-chunk --dtype uint64 save-h5 -f chunk- --chunk-size 16 32 32',
  ],
  flags: {
    inputName: flag.input({
      char: 'i',
      aliases: ['input-chunk-name', 'input'],
      kind: 'chunk',
      nullable: true,
    }),
    fileName: flag.text({ char: 'f', required: true, summary: 'file ending in .h5, or prefix' }),
    chunkSize: flag.integers3({
      char: 's',
      minimum: 1,
      defaultText: '16 128 128 or less',
      summary: 'shape of the HDF5 chunks',
    }),
    compression: flag.text({
      char: 'c',
      choices: ['gzip', 'lzf', 'szip'],
      default: 'gzip',
      summary: 'filter; gzip only, the others are refused',
    }),
    withOffset: flag.boolean({ default: true, no: 'without-offset', summary: 'write the voxel offset' }),
    voxelSize: flag.numbers3({ char: 'v', defaultText: "the chunk's", summary: 'nm' }),
    dtype: flag.text({
      char: 'd',
      choices: DTYPE_NAMES,
      defaultText: "the chunk's",
      summary: 'convert to this element type',
    }),
    touch: flag.boolean({ default: true, summary: 'null leaves an empty file' }),
  },
  services: { files: FILES, compute: COMPUTE },
  effects: 'write',
  create({ options, services: { files, compute }, workers, logger }) {
    if (options.compression !== 'gzip')
      throw chunkflowError('hdf5-options', `HDF5 files with ${options.compression} cannot be written here`, {
        fix: 'use --compression gzip, which every HDF5 library reads',
      })

    async function fileFor(box: BoundingBox | undefined): Promise<string> {
      if (options.fileName.endsWith('.h5')) return options.fileName
      if (box === undefined)
        throw chunkflowError('task-no-bbox', 'There is no box to name the file by', {
          fix: 'give a --file-name that ends in .h5',
        })
      const folder =
        (await files.status(options.fileName))?.kind === 'directory' && !options.fileName.endsWith('/')
      return `${options.fileName}${folder ? '/' : ''}${formatBox(box)}.h5`
    }
    async function target(task: Task): Promise<string> {
      const value = task.get(options.inputName)
      return fileFor(isChunk(value) ? chunkBox(value) : optionalBoxOf(task))
    }
    return {
      async run(task, { signal, progress }) {
        const value = task.get(options.inputName)
        const file = await target(task)
        if (value === null || value === undefined) {
          if (options.touch) await files.write(file, new Uint8Array(0))
          return
        }
        if (!isChunk(value))
          throw chunkflowError('plan-kind-mismatch', `save-h5 saves chunks, not ${describeValue(value)}`, {
            fix: 'name another variable with --input-name',
          })
        const converted = options.dtype === undefined ? value : astype(value, options.dtype)
        // the library cannot make half-precision arrays; single precision holds every value exactly
        const chunk = converted.dtype === 'float16' ? astype(converted, 'float32') : converted
        const bar = progress.start(`writing ${file}`, chunk.data.length, 'voxels')
        try {
          await files.writeAtomic(file, (temporary) =>
            writeHdf5(
              temporary,
              chunk,
              { chunkShape: options.chunkSize, voxelSize: options.voxelSize, withOffset: options.withOffset },
              { compute, worker: workers.hdf5!, signal },
              bar,
            ),
          )
        } finally {
          bar.end()
        }
      },
      async dryRun(task) {
        logger.info(`dry run: would write ${await target(task)}`)
      },
    }
  },
})
