import {
  type Chunk,
  chunkBox,
  chunkflowError,
  chunkOf,
  defineOperator,
  describeChunk,
  FILES,
  flag,
  formatBox,
  isFloat,
  NUMERIC_DTYPES,
} from '@chunkflow/sdk'
import { describeLoss } from '@chunkflow/sdk/numerics'
import { isUnitRange } from '../kernels/scale.js'
import { WRITTEN_COMPRESSIONS, type WrittenCompression, writeTiff } from '../write-tiff.js'

export default defineOperator({
  name: 'save-tif',
  aliases: ['write-tif'],
  summary: 'Save a chunk as a multi-page TIFF',
  description:
    'Sections become pages, in the element type of the chunk and without loss (bool as uint8). With --dtype uint8 floats in [0, 1] are scaled by 255 and truncated. Files that would exceed 4 GiB become BigTIFF. Files of 64-bit integers and half floats open in Python, not in ImageJ.',
  examples: [
    'create-chunk save-tif --file-name img.tif',
    'create-chunk --dtype float32 save-tif --dtype uint8 --compression packints',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input', 'input-name'], kind: 'chunk' }),
    fileName: flag.text({
      char: 'f',
      defaultText: '<bbox>.tif',
      summary: 'file; in a folder that exists, or ends in /, the default name is used',
    }),
    dtype: flag.text({
      char: 't',
      choices: NUMERIC_DTYPES,
      defaultText: "the chunk's",
      summary: 'convert to this element type',
    }),
    compression: flag.text({
      char: 'c',
      choices: ['', 'zlib', 'lzw', 'lzma', 'delta', 'packints', 'jpeg'],
      choiceAliases: { none: '', deflate: 'zlib', packbits: 'packints' },
      default: 'zlib',
      summary: "'' (none), zlib or packints (PackBits); the others are refused",
    }),
    bigtiff: flag.boolean({ aliases: ['big-tiff'], summary: 'write BigTIFF also below 4 GiB' }),
  },
  services: { files: FILES },
  effects: 'write',
  infer(_, { compression }) {
    requireWritable(compression)
    return {}
  },
  create({ options, services: { files }, logger }) {
    const compression = requireWritable(options.compression)

    async function target(chunk: Chunk): Promise<string> {
      const name = `${formatBox(chunkBox(chunk))}.tif`
      if (options.fileName === undefined || options.fileName === '') return name
      if (options.fileName.endsWith('/')) return `${options.fileName}${name}`
      const isFolder = (await files.status(options.fileName))?.kind === 'directory'
      return isFolder ? `${options.fileName}/${name}` : options.fileName
    }
    return {
      async run(task, { signal, progress }) {
        const chunk = chunkOf(task, options.inputChunkName)
        if (chunk.data.length === 0)
          throw chunkflowError(
            'tiff-options',
            `${describeChunk(chunk)} is empty: a TIFF has no pages of size 0`,
            {
              fix: 'crop less',
            },
          )
        const file = await target(chunk)
        const narrowed = options.dtype === 'uint8' && isFloat(chunk.dtype)
        const scale = narrowed && isUnitRange(chunk.data as Float32Array, chunk.dtype)
        if (narrowed && !scale)
          logger.warn(
            `${options.inputChunkName} has values outside [0, 1]: they are truncated to uint8, not scaled by 255`,
          )
        const dtype = options.dtype ?? (chunk.dtype === 'bool' ? 'uint8' : chunk.dtype)
        const { bigtiff } = options
        let lost = 0
        const onLost = (count: number): void => {
          lost += count
        }
        const bar = progress.start(`writing ${file}`, chunk.data.length, 'voxels')
        try {
          await files.writeAtomic(file, (temporary) =>
            writeTiff(temporary, chunk, { dtype, scale, compression, bigtiff, signal, bar, onLost }),
          )
        } finally {
          bar.end()
        }
        const loss = describeLoss(lost, chunk.dtype, dtype)
        if (loss !== undefined) logger.warn(`${file}: ${loss}`)
      },
      async dryRun(task) {
        logger.info(`dry run: would write ${await target(chunkOf(task, options.inputChunkName))}`)
      },
    }
  },
})

function requireWritable(compression: string): WrittenCompression {
  const writable = WRITTEN_COMPRESSIONS.find((name) => name === compression)
  if (writable === undefined)
    throw chunkflowError(
      'tiff-options',
      `TIFF files with ${compression} compression cannot be written here`,
      {
        fix: "use --compression zlib (every reader knows it), packints, or '' for none",
      },
    )
  return writable
}
