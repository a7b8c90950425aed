import {
  BLOCK_CACHE,
  COMPUTE,
  defineOperator,
  ENCODINGS,
  flag,
  formatBox,
  intersectBoxes,
  optionalBoxOf,
  STORE,
  type Task,
} from '@chunkflow/sdk'
import { anonymousPath } from '@chunkflow/sdk/storage'
import { BLACKOUT_FILE, blackOut, parseSectionIds } from '../blackout.js'
import { fillWithPattern } from '../pattern-chunk.js'
import { cacheBytes, cacheFlag } from '../storage-options.js'
import { validateChunk } from '../validate.js'
import { countBlocks } from '../volume/blocks.js'
import { cutoutBox } from '../volume/cutout-box.js'
import { createPrecomputedFormat } from '../volume/format.js'
import { scaleOf } from '../volume/info.js'
import { openOnce } from '../volume/open-once.js'
import { allocateRegion } from '../volume/read.js'

export default defineOperator({
  name: 'load-precomputed',
  aliases: ['cutout', 'read-precomputed'],
  summary: 'Cut a chunk out of a Neuroglancer precomputed volume',
  description: `An explicit --chunk-start, --chunk-size or --stop wins over the task's bounding box; without either the whole volume is read. What lies
beyond the volume is 0.`,
  examples: [
    'create-chunk --size 20 30 40 save-precomputed -v volume load-precomputed -v volume --start 4 0 0 --stop 30 16 16',
  ],
  flags: {
    volumePath: flag.text({
      char: 'v',
      required: true,
      summary: 'volume: file://, s3://, gs://, https:// or a folder',
    }),
    mip: flag.integer({ char: 'm', minimum: 0, defaultText: 'global --mip', summary: 'scale to read' }),
    expandMarginSize: flag.integers3({
      char: 'e',
      minimum: 0,
      summary: 'grow the box by this much on both sides, z y x',
    }),
    chunkStart: flag.integers3({
      char: 's',
      aliases: ['start'],
      defaultText: 'start of the volume',
      summary: 'first voxel, z y x',
    }),
    chunkSize: flag.integers3({
      char: 'z',
      minimum: 0,
      defaultText: 'to the end of the volume',
      summary: 'size, z y x',
    }),
    stop: flag.integers3({
      char: 'p',
      aliases: ['chunk-stop'],
      defaultText: 'end of the volume',
      summary: 'end, excluded, z y x',
    }),
    fillMissing: flag.boolean({
      default: true,
      summary: 'missing blocks are 0; otherwise they are an error',
    }),
    validateMip: flag.integer({
      minimum: 0,
      summary: 'compare with this coarser scale and look for lost blocks; a difference is an error',
    }),
    blackoutSections: flag.boolean({
      summary: `zero the sections that the volume lists in ${BLACKOUT_FILE}`,
    }),
    cache: cacheFlag,
    useHttps: flag.boolean({ no: 'use-credential', summary: 'read a public bucket without credentials' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  services: { store: STORE, encodings: ENCODINGS, cache: BLOCK_CACHE, compute: COMPUTE },
  effects: 'read',
  timed: true,
  sets: ['cutout_volume_path'],
  infer: () => ({ outputChunkName: { kind: 'chunk', layerTypeDeclared: true } }),
  create({ options, services, globals, logger }) {
    const mip = options.mip ?? globals.mip
    const path = options.useHttps ? anonymousPath(options.volumePath) : options.volumePath
    const open = openOnce(createPrecomputedFormat(services), path)
    const prepare = async (task: Task) => {
      const volume = await open()
      const scale = scaleOf(volume.info, mip, volume.storage.root)
      const box = cutoutBox(options, optionalBoxOf(task), scale.box)
      if (intersectBoxes(box, scale.box) === null)
        logger.warn(`${formatBox(box)} lies outside ${path} (${formatBox(scale.box)}): the chunk is all zero`)
      return { volume, scale, box }
    }
    return {
      async run(task, { signal, progress }) {
        const { volume, scale, box } = await prepare(task)
        const bar = progress.start(`read ${formatBox(box)}`, countBlocks(scale, box), 'blocks')
        try {
          const chunk = await volume.read({
            mip,
            box,
            fillMissing: options.fillMissing,
            ...cacheBytes(options.cache),
            signal,
            onBlock: () => bar.advance(),
          })
          const { validateMip } = options
          if (validateMip !== undefined)
            await validateChunk(
              chunk,
              volume,
              { chunkMip: mip, validateMip },
              { compute: services.compute, signal },
            )
          if (options.blackoutSections)
            blackOut(chunk, parseSectionIds(await volume.readJson(BLACKOUT_FILE), volume.storage.root))
          task.set(options.outputChunkName, chunk)
          task.set('cutout_volume_path', options.volumePath)
        } finally {
          bar.end()
        }
      },
      async dryRun(task) {
        const { volume, scale, box } = await prepare(task)
        logger.info(`would read ${formatBox(box)} of ${path}; the chain goes on with a pattern`)
        const chunk = allocateRegion(volume.info, scale, box)
        fillWithPattern(chunk)
        task.set(options.outputChunkName, chunk)
        task.set('cutout_volume_path', options.volumePath)
      },
    }
  },
})
