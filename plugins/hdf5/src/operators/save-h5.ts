import {
  astype,
  bytesPerElement,
  type Chunk,
  COMPUTE,
  chunkBox,
  chunkflowError,
  chunkOf,
  DTYPE_NAMES,
  defineOperator,
  FILES,
  flag,
  HDF5,
  isChunk,
  isSynapses,
  optionalBoxOf,
  type Synapses,
  type Task,
  tableFromSynapses,
} from '@chunkflow/sdk'
import { countLost, describeLoss } from '@chunkflow/sdk/numerics'
import { fileOfBox, namesOneFile } from '../file-name.js'
import { hdf5Worker } from '../session.js'
import { SLAB_BYTES } from '../slabs.js'
import { writeHdf5 } from '../write-hdf5.js'

export default defineOperator({
  name: 'save-h5',
  aliases: ['write-h5'],
  summary: 'Save a chunk, or synapses, to an HDF5 file',
  description:
    'A file name that does not end in .h5, .hdf5 or .hdf is a prefix or a folder: the box of the chunk and .h5 are added. Files of synapses are named by the box of the task, and options of chunks have no effect on them. An existing file is replaced. Null leaves an empty file, as a mark that the task was done.',
  examples: [
    'create-chunk save-h5 --file-name a.h5',
    'create-chunk --dtype uint64 save-h5 -f chunk- --chunk-size 16 32 32 --compression szip',
  ],
  flags: {
    inputName: flag.input({
      char: 'i',
      aliases: ['input-chunk-name', 'input'],
      kind: ['chunk', 'synapses'],
      nullable: true,
    }),
    fileName: flag.text({ char: 'f', required: true, summary: 'file, or prefix of files named by box' }),
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
      summary: 'filter; lzf cannot be written here',
    }),
    withOffset: flag.boolean({ default: true, no: 'without-offset', summary: 'write the voxel offset' }),
    voxelSize: flag.numbers3({ char: 'v', defaultText: "the chunk's", exclusiveMinimum: 0, summary: 'nm' }),
    dtype: flag.text({
      char: 'd',
      choices: DTYPE_NAMES,
      defaultText: "the chunk's",
      summary: 'convert to this element type',
    }),
    touch: flag.boolean({ default: true, summary: 'null leaves an empty file' }),
  },
  services: { files: FILES, compute: COMPUTE, tables: HDF5 },
  effects: 'write',
  infer(inputs, { compression, dtype }) {
    if (compression === 'lzf')
      throw chunkflowError('hdf5-options', 'HDF5 files with lzf compression cannot be written here', {
        fix: 'use --compression gzip, which every HDF5 library reads, or szip',
      })
    if (compression === 'szip' && (dtype ?? inputs.inputName?.dtype) === 'float16')
      throw chunkflowError('hdf5-options', 'float16 cannot be compressed with szip here', {
        fix: 'use --compression gzip',
      })
    return {}
  },
  estimate({ inputName }, { dtype }) {
    const copied = dtype !== undefined && dtype !== inputName?.dtype ? bytesPerElement(dtype) : 0
    const voxels = inputName?.shape?.reduce((left, right) => left * right, 1)
    // a slab exists here, in the library, and compressed
    return copied > 0 && voxels === undefined ? undefined : { bytes: 3 * SLAB_BYTES + (voxels ?? 0) * copied }
  },
  create({ options, services: { files, compute, tables }, workers, logger }) {
    const { fileName, compression } = options
    const worker = hdf5Worker(compute, workers.hdf5!)

    const inputOf = (task: Task): Chunk | Synapses | null => {
      const value = task.get(options.inputName)
      return value === null || isSynapses(value) ? value : chunkOf(task, options.inputName)
    }
    /** What to save, null when there is nothing, and its file. */
    async function plan(task: Task): Promise<{ value: Chunk | Synapses | null; file: string }> {
      const value = inputOf(task)
      if (namesOneFile(fileName)) return { value, file: fileName }
      const box = isChunk(value) ? chunkBox(value) : optionalBoxOf(task)
      if (box === undefined)
        throw chunkflowError('task-no-bbox', 'There is neither a chunk nor a box to name the file by', {
          fix: 'give a --file-name that ends in .h5',
        })
      return { value, file: await fileOfBox(files, fileName, box) }
    }
    return {
      async run(task, { signal, progress }) {
        const { value, file } = await plan(task)
        if (value === null) {
          if (options.touch) await files.write(file, new Uint8Array(0))
          return
        }
        if (isSynapses(value)) return tables.write(file, tableFromSynapses(value), { signal })
        const saved = options.dtype === undefined ? value : astype(value, options.dtype)
        const loss = describeLoss(
          countLost(value.data, value.dtype, saved.data, saved.dtype),
          value.dtype,
          saved.dtype,
        )
        if (loss !== undefined) logger.warn(`${file}: ${loss}`)
        const bar = progress.start(`writing ${file}`, saved.data.length, 'voxels')
        try {
          await files.writeAtomic(file, (temporary) =>
            writeHdf5(
              temporary,
              saved,
              {
                name: file,
                chunkShape: options.chunkSize,
                compression: compression === 'szip' ? 'szip' : 'gzip',
                voxelSize: options.voxelSize,
                withOffset: options.withOffset,
              },
              { worker, compute, signal },
              bar,
            ),
          )
        } finally {
          bar.end()
        }
      },
      async dryRun(task) {
        const { value, file } = await plan(task)
        if (value !== null) logger.info(`dry run: would write ${file}`)
        else if (options.touch) logger.info(`dry run: would leave an empty ${file}`)
      },
      dispose: () => worker.dispose(),
    }
  },
})
