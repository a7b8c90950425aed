import {
  BLOCK_CACHE,
  chunkflowError,
  defineOperator,
  ENCODINGS,
  flag,
  optionalBoxOf,
  STORE,
  type Task,
  VOLUMES,
} from '@chunkflow/sdk'
import { anonymousPath } from '@chunkflow/sdk/storage'
import {
  allowUnalignedFlag,
  compressionChoice,
  compressionFlags,
  creationFlags,
  creationOptions,
} from '../storage-options.js'
import { createCopier } from '../transfer/copier.js'
import { BLOCKS_IN_FLIGHT } from '../volume/write.js'

const MEBIBYTE = 2 ** 20

export default defineOperator({
  name: 'transfer',
  summary: 'Copy a volume, in other blocks, another encoding or other files',
  description: `Copies the box of the task, or without one a whole scale, piece by piece in bounded memory: the next piece is read while one is written. A
target that does not exist is made with all scales of the source; what of it is not said is as in the source. Copying again writes the
same blocks; --resume leaves out what is there.

Task boxes must cover whole blocks of the target (whole shards, in a sharded one) unless --allow-unaligned is given; then no two tasks
that share a block may run at the same time.`,
  examples: [
    'create-chunk --size 20 40 50 --dtype uint32 save-precomputed -v source --block-size 8 16 16 transfer -s source -v copy --block-size 10 20 20 --encoding compressed_segmentation',
    'create-chunk --size 20 40 50 save-precomputed -v source --block-size 8 16 16 transfer -s source -v shards --sharding auto',
  ],
  flags: {
    sourceVolume: flag.text({
      char: 's',
      required: true,
      summary: 'volume to copy, of any installed format',
    }),
    targetVolume: flag.text({
      char: 'v',
      aliases: ['volume-path'],
      required: true,
      summary: 'Neuroglancer precomputed volume to write',
    }),
    mip: flag.integer({ char: 'm', minimum: 0, defaultText: 'global --mip', summary: 'scale to copy' }),
    allMips: flag.boolean({ summary: 'also copy all coarser scales; not with task boxes' }),
    blockSize: flag.integers3({
      char: 'b',
      minimum: 1,
      defaultText: "the source's",
      summary: 'stored block of a volume that is created, z y x',
    }),
    encoding: flag.text({
      char: 'e',
      defaultText: "the source's",
      summary: 'block encoding of a volume that is created',
    }),
    ...creationFlags,
    ...compressionFlags,
    fillMissing: flag.boolean({
      default: true,
      summary: 'missing blocks of the source are 0; otherwise they are an error',
    }),
    allowUnaligned: allowUnalignedFlag,
    resume: flag.boolean({ summary: 'leave out pieces of which the target has all blocks' }),
    memory: flag.integer({ default: 512, minimum: 1, summary: 'MiB of voxels to hold at a time' }),
    cache: flag.integer({
      default: 64,
      minimum: 0,
      summary: 'MiB of blocks to keep that lie in several pieces',
    }),
    parallel: flag.integer({
      char: 'p',
      default: 1,
      minimum: 1,
      summary: 'how many blocks to write at once: 16 times this',
    }),
    useHttps: flag.boolean({
      no: 'use-credential',
      summary: 'read a public bucket without credentials',
    }),
  },
  services: { store: STORE, encodings: ENCODINGS, cache: BLOCK_CACHE, volumes: VOLUMES },
  effects: 'write',
  timed: true,
  create({ options, services, globals, logger }) {
    const { sourceVolume, targetVolume } = options
    if (services.store.normalize(sourceVolume) === services.store.normalize(targetVolume))
      throw chunkflowError('flag-invalid', `${sourceVolume} is source and target`, {
        fix: 'choose another --target-volume',
      })
    const copier = createCopier(
      {
        ...options,
        sourcePath: options.useHttps ? anonymousPath(sourceVolume) : sourceVolume,
        targetPath: targetVolume,
        ...creationOptions(options),
        memoryBytes: options.memory * MEBIBYTE,
        cacheBytes: options.cache * MEBIBYTE,
        write: {
          parallel: BLOCKS_IN_FLIGHT * options.parallel,
          compression: compressionChoice(options),
        },
      },
      services,
      logger,
    )
    const mipsFor = async (task: Task): Promise<readonly number[]> => {
      const first = options.mip ?? globals.mip
      if (!options.allMips) return [first]
      if (optionalBoxOf(task) !== undefined)
        throw chunkflowError('flag-invalid', '--all-mips has no meaning for the box of a task', {
          fix: 'run the tasks once for each --mip, or leave the task source out',
        })
      return (await copier.mips()).filter((mip) => mip >= first)
    }
    return {
      async run(task, context) {
        for (const mip of await mipsFor(task)) await copier.copy(mip, optionalBoxOf(task), context)
      },
      async dryRun(task) {
        for (const mip of await mipsFor(task)) await copier.describe(mip, optionalBoxOf(task))
      },
    }
  },
})
