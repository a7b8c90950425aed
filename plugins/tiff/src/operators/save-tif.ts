import {
  arithmetic,
  astype,
  type Chunk,
  chunkBox,
  chunkflowError,
  chunkOf,
  defineOperator,
  FILES,
  flag,
  formatBox,
  isFloat,
} from '@chunkflow/sdk'
import { type TiffCompression, writeTiff } from '../write-tiff.js'

export default defineOperator({
  name: 'save-tif',
  aliases: ['write-tif'],
  summary: 'Save a chunk as a multi-page TIFF',
  description:
    'Lossless: floats and 64-bit labels are kept. --dtype uint8 scales a map in [0, 1] by 255. Volumes beyond 4 GiB become BigTIFF.',
  examples: [
    'create-chunk save-tif --file-name a.tif',
    'create-chunk --dtype float32 save-tif -f map.tif --dtype uint8',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    fileName: flag.text({ char: 'f', defaultText: '<bbox>.tif', summary: 'file to write' }),
    dtype: flag.text({
      char: 't',
      choices: ['uint8', 'uint16', 'uint32', 'uint64', 'float32', 'float64'],
      defaultText: "the chunk's",
      summary: 'convert to this element type',
    }),
    compression: flag.text({
      char: 'c',
      choices: ['', 'zlib', 'lzw', 'lzma', 'delta', 'packints', 'jpeg'],
      default: 'zlib',
      summary: "'' stores plainly; zlib and packints are written, the others are refused",
    }),
    bigtiff: flag.boolean({ summary: 'always use 64-bit offsets' }),
  },
  services: { files: FILES },
  effects: 'write',
  create({ options, services, logger }) {
    if (!['', 'zlib', 'packints'].includes(options.compression))
      throw chunkflowError(
        'tiff-unsupported',
        `TIFF files with ${options.compression} compression cannot be written here`,
        { fix: 'use --compression zlib, which every reader knows' },
      )
    const target = (chunk: Chunk): string => options.fileName ?? `${formatBox(chunkBox(chunk))}.tif`
    return {
      async run(task, { progress }) {
        const chunk = convert(chunkOf(task, options.inputChunkName), options.dtype)
        if (chunk.data.length === 0)
          throw chunkflowError('tiff-unsupported', 'An empty chunk has no pages', {
            fix: 'check the box it was cut to',
          })
        const file = target(chunk)
        const bar = progress.start(
          `writing ${file}`,
          chunk.data.length / (chunk.shape.at(-1)! * chunk.shape.at(-2)!),
          'pages',
        )
        try {
          await services.files.writeAtomic(file, (temporary) =>
            writeTiff(
              temporary,
              chunk,
              {
                compression: options.compression as TiffCompression,
                ...(options.bigtiff ? { big: true } : {}),
              },
              bar,
            ),
          )
        } finally {
          bar.end()
        }
      },
      dryRun: (task) => logger.info(`dry run: would write ${target(chunkOf(task, options.inputChunkName))}`),
    }
  },
})

function convert(
  chunk: Chunk,
  dtype: 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'float32' | 'float64' | undefined,
): Chunk {
  if (dtype === undefined) return chunk
  const isMap = dtype === 'uint8' && isFloat(chunk.dtype) && chunk.layerType === 'probability_map'
  return astype(isMap ? arithmetic(chunk, 'multiply', 255) : chunk, dtype)
}
