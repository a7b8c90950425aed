import {
  BLOCK_CACHE,
  type Chunk,
  COMPUTE,
  chunkBox,
  chunkOf,
  defineOperator,
  ENCODINGS,
  flag,
  formatBox,
  STORE,
} from '@chunkflow/sdk'
import { checkLevels, checkMips, cropToVolume, extendInfo, levelOptions, makeLevels } from '../pyramid.js'
import { allowUnalignedFlag, compressionChoice, compressionFlags } from '../storage-options.js'
import { createPrecomputedFormat, type PrecomputedVolume, requireVolume } from '../volume/format.js'

export default defineOperator({
  name: 'downsample-upload',
  summary: 'Make coarser levels of a chunk and write them to the scales of its volume',
  description: `Writes mips --start-mip to --stop-mip, excluded. Images and maps are averaged, labels take the most frequent value. The factor of each
level is that of the volume's scales unless --factor is given; scales that are missing are added to the volume.

Every level must consist of whole blocks: tasks must be multiples of the block size times the factor of the last level, unless
--allow-unaligned is given.`,
  examples: [
    'create-chunk --size 64 128 128 save-precomputed -v volume --block-size 16 16 16 downsample-upload -v volume --factor 1 2 2 --stop-mip 4',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    volumePath: flag.text({ char: 'v', required: true, summary: 'volume to write to' }),
    factor: flag.integers3({
      char: 'f',
      minimum: 1,
      defaultText: "the volume's, or 2 2 2",
      summary: 'downsampling from one mip to the next, z y x',
    }),
    chunkMip: flag.integer({
      char: 'c',
      minimum: 0,
      defaultText: 'global --mip',
      summary: 'mip of the chunk',
    }),
    startMip: flag.integer({
      char: 's',
      minimum: 1,
      defaultText: 'chunk mip + 1',
      summary: 'first mip to write',
    }),
    stopMip: flag.integer({
      char: 'p',
      default: 5,
      minimum: 1,
      summary: 'end of the mips to write, excluded',
    }),
    allowUnaligned: allowUnalignedFlag,
    ...compressionFlags,
    fillMissing: flag.boolean({
      default: true,
      ignored: true,
      summary: 'of older releases; nothing is read',
    }),
  },
  services: { store: STORE, encodings: ENCODINGS, cache: BLOCK_CACHE, compute: COMPUTE },
  effects: 'write',
  timed: true,
  create({ options, services, globals, logger }) {
    const { volumePath: path, stopMip } = options
    const chunkMip = options.chunkMip ?? globals.mip
    const pyramid = { factor: options.factor, chunkMip, startMip: options.startMip ?? chunkMip + 1, stopMip }
    checkMips(pyramid)
    const writing = { allowUnaligned: options.allowUnaligned, compression: compressionChoice(options) }
    const format = createPrecomputedFormat(services)
    let volume: PrecomputedVolume | undefined

    /** All levels, checked against the volume as it will be; nothing is written yet. */
    async function prepare(chunk: Chunk, signal: AbortSignal) {
      volume ??= await requireVolume(format, path)
      const { info, factors } = extendInfo(volume.info, pyramid, path)
      const extended = format.over(volume.storage, info)
      const { compute } = services
      const chunks = await makeLevels(cropToVolume(chunk, volume, chunkMip), factors, info.layerType, {
        compute,
        signal,
      })
      const levels = chunks
        .map((level, index) => ({ chunk: level, mip: chunkMip + 1 + index }))
        .filter(({ mip }) => mip >= pyramid.startMip)
      await checkLevels(levels, factors, extended, writing)
      return { levels, extended, missing: info.scales.length - volume.info.scales.length }
    }

    return {
      async run(task, { signal, progress }) {
        const { levels, missing } = await prepare(chunkOf(task, options.inputChunkName), signal)
        if (missing > 0) volume = await addMissingScales()
        const bar = progress.start('write coarser levels', levels.length, 'mips')
        try {
          for (const { chunk, mip } of levels) {
            await volume!.write(chunk, { ...levelOptions(chunk, mip, volume!), ...writing, signal })
            bar.advance()
          }
        } finally {
          bar.end()
        }
      },
      async dryRun(task, { signal }) {
        const { levels, missing } = await prepare(chunkOf(task, options.inputChunkName), signal)
        if (missing > 0) logger.info(`would add ${missing} scales to ${path}`)
        for (const { chunk, mip } of levels)
          logger.info(`would write ${formatBox(chunkBox(chunk))} to mip ${mip} of ${path}`)
      },
    }

    /** From the info as it is now: another worker may have added them meanwhile. */
    async function addMissingScales(): Promise<PrecomputedVolume> {
      const present = await requireVolume(format, path)
      const { info } = extendInfo(present.info, pyramid, path)
      if (info.scales.length === present.info.scales.length) return present
      logger.info(`added scales up to mip ${info.scales.length - 1} to ${path}`)
      return format.replaceInfo(path, info)
    }
  },
})
