import {
  BLOCK_CACHE,
  type Chunk,
  defineOperator,
  ENCODINGS,
  flag,
  formatBox,
  isChunk,
  NUMERIC_DTYPES,
  STORE,
  type Task,
} from '@chunkflow/sdk'
import { describeNewVolume, warningFor } from '../describe-new-volume.js'
import { creationFlags, creationOptions } from '../storage-options.js'
import { createPrecomputedFormat } from '../volume/format.js'
import { newInfo, printInfo } from '../volume/info.js'
import { findEncoding, isReadElsewhere } from '../volume/scale-access.js'

export default defineOperator({
  name: 'create-info',
  summary: 'Write the info file of a Neuroglancer precomputed volume',
  description: `Describes the volume that a chunk would fill, or one given by options. An info file that is there is replaced; blocks are left alone.`,
  examples: [
    'create-chunk --size 128 128 128 --dtype uint32 --pattern sin create-info --voxel-size 8 8 8 --block-size 64 64 64 --output-layer-path volume',
    'create-info -v volume --volume-size 100 2000 2000 --data-type uint8 --voxel-size 40 4 4 --block-size 64 64 64 --factor 1 2 2 --max-mip 4',
  ],
  flags: {
    inputChunkName: flag.input({
      char: 'i',
      aliases: ['input'],
      kind: 'chunk',
      optional: true,
      nullable: true,
      default: 'chunk',
      summary: 'chunk to describe, if the task has it',
    }),
    volumePath: flag.text({
      char: 'v',
      charAliases: ['l'],
      aliases: ['output-layer-path'],
      default: 'file://.',
      summary: 'where the volume is',
    }),
    channelNum: flag.integer({
      char: 'c',
      minimum: 1,
      defaultText: "the chunk's, or 1",
      summary: 'channels',
    }),
    layerType: flag.text({
      char: 't',
      choices: ['image', 'segmentation'],
      defaultText: 'from the element type',
      summary: 'what the voxels mean',
    }),
    dataType: flag.text({
      char: 'd',
      choices: NUMERIC_DTYPES,
      defaultText: "the chunk's",
      summary: 'element type',
    }),
    encoding: flag.text({
      char: 'e',
      default: 'raw',
      summary:
        'how blocks are encoded: raw, jpeg, png, compressed_segmentation, or an encoding of another plugin or software',
    }),
    ...creationFlags,
    voxelSize: flag.numbers3({
      char: 's',
      defaultText: "the chunk's, or 1 1 1",
      exclusiveMinimum: 0,
      summary: 'voxel size at mip 0 in nm, z y x',
    }),
    voxelOffset: flag.integers3({
      char: 'o',
      defaultText: "the chunk's, or 0 0 0",
      summary: 'first voxel at mip 0, z y x',
    }),
    volumeSize: flag.integers3({
      char: 'z',
      minimum: 1,
      defaultText: "the chunk's",
      summary: 'size at mip 0, z y x',
    }),
    blockSize: flag.integers3({ char: 'b', required: true, minimum: 1, summary: 'stored block, z y x' }),
    factor: flag.integers3({
      char: 'f',
      default: [2, 2, 2],
      minimum: 1,
      summary: 'downsampling from one scale to the next, z y x',
    }),
    maxMip: flag.integer({ char: 'm', default: 0, minimum: 0, maximum: 31, summary: 'last scale' }),
  },
  services: { store: STORE, encodings: ENCODINGS, cache: BLOCK_CACHE },
  effects: 'write',
  async create({ options, services, logger }) {
    const format = createPrecomputedFormat(services)
    const present = services.encodings.has(options.encoding) || !isReadElsewhere(options.encoding)
    const encoding = present
      ? await findEncoding(services.encodings, options.encoding, options.volumePath)
      : undefined
    const writable = encoding !== undefined && encoding.readOnly !== true
    const creation = creationOptions(options)
    const describe = (task: Task) => {
      const name = options.inputChunkName ?? 'chunk'
      const value = task.has(name) ? task.get(name) : null
      const chunk: Chunk | undefined = isChunk(value) ? value : undefined
      const volume = describeNewVolume({ ...options, ...creation }, chunk)
      if (!writable)
        logger.warn(
          `no installed plugin writes ${options.encoding}: only other software can fill this volume`,
        )
      const warning = warningFor(volume)
      if (warning !== undefined) logger.warn(warning)
      return volume
    }
    return {
      async run(task) {
        const volume = describe(task)
        // a broken info is replaced like any other
        const before = await format.open(options.volumePath).catch(() => null)
        const after = await format.create(options.volumePath, volume)
        if (before !== null && printInfo(before.info) !== printInfo(after.info))
          logger.warn(`replaced another info at ${options.volumePath}: blocks that were there may not fit it`)
        logger.info(`wrote the info of ${options.volumePath}: ${formatBox(volume.box)}`)
      },
      dryRun(task) {
        logger.info(`would write this info at ${options.volumePath}:\n${printInfo(newInfo(describe(task)))}`)
      },
    }
  },
})
