import { BLOCK_CACHE, COMPUTE, chunkOf, defineOperator, ENCODINGS, flag, STORE } from '@chunkflow/sdk'
import { createSaver } from '../save-chunk.js'
import {
  allowUnalignedFlag,
  compressionChoice,
  compressionFlags,
  creationFlags,
  creationOptions,
} from '../storage-options.js'

export default defineOperator({
  name: 'save-precomputed',
  aliases: ['save', 'write-precomputed'],
  summary: 'Write a chunk into a Neuroglancer precomputed volume',
  description: `The chunk must cover whole blocks of the volume (whole shards, of a sharded one) unless --allow-unaligned is given; what lies beyond the volume is cropped. Blocks of zeros are deleted instead of written, so
that readers need --fill-missing. A volume that does not exist is created at mip 0: where --volume-start and --volume-size say, else over all
the boxes of the task source of the same chain, else over the chunk. Tasks of a queue need --volume-size: each worker sees its own only.

uint8 chunks are divided by 255 for float volumes, float chunks multiplied by 255 for uint8 volumes.`,
  examples: [
    'create-chunk save-precomputed --volume-path volume',
    'create-chunk --dtype uint32 --pattern sin save-precomputed -v labels --encoding compressed_segmentation --block-size 32 32 32 --upload-log',
  ],
  flags: {
    volumePath: flag.text({
      char: 'v',
      required: true,
      summary: 'volume: file://, s3://, gs:// or a folder',
    }),
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    mip: flag.integer({ char: 'm', minimum: 0, defaultText: 'global --mip', summary: 'scale to write' }),
    uploadLog: flag.boolean({ summary: "write the task's log to log/<box>.json in the volume" }),
    createThumbnail: flag.boolean({
      summary: 'also write a small picture to the volume thumbnail/ beside it',
    }),
    intensityThreshold: flag.number({ char: 't', summary: 'do not save when every voxel is below this' }),
    parallel: flag.integer({
      char: 'p',
      aliases: ['nproc'],
      default: 1,
      summary: 'how much to do at once: 16 blocks times this; 0 is 1, negative means the number of cores',
    }),
    strictBounds: flag.boolean({
      summary: 'refuse a chunk that reaches beyond the volume instead of cropping',
    }),
    allowUnaligned: allowUnalignedFlag,
    ...compressionFlags,
    volumeStart: flag.integers3({
      defaultText: 'of the task source, 0 0 0 with --volume-size alone, of the chunk without',
      summary: 'first voxel of a volume that is created, z y x',
    }),
    volumeSize: flag.integers3({
      minimum: 1,
      defaultText: 'of the task source, or of the chunk',
      summary: 'size of a volume that is created, z y x',
    }),
    blockSize: flag.integers3({
      minimum: 1,
      default: [64, 64, 64],
      summary: 'stored block of a volume that is created, z y x',
    }),
    encoding: flag.text({ default: 'raw', summary: 'block encoding of a volume that is created' }),
    ...creationFlags,
    fillMissing: flag.boolean({
      no: ['no-fill', 'no-fill-missing'],
      ignored: true,
      summary: 'of older releases; blocks of zeros are never stored',
    }),
  },
  services: { store: STORE, encodings: ENCODINGS, cache: BLOCK_CACHE, compute: COMPUTE },
  effects: 'write',
  timed: true,
  create({ options, services, globals, name, logger }) {
    const saver = createSaver(
      {
        ...options,
        ...creationOptions(options),
        compression: compressionChoice(options),
        mip: options.mip ?? globals.mip,
        name,
      },
      services,
      logger,
    )
    return {
      run: (task, context) => saver.save(task, chunkOf(task, options.inputChunkName), context),
      dryRun: (task, context) => saver.describe(task, chunkOf(task, options.inputChunkName), context),
      arriveSkipped: async (task) => task.set(options.inputChunkName, await saver.blankChunk(task)),
    }
  },
})
