import {
  addZyx,
  type BoundingBox,
  boundingBox,
  boxSize,
  ceilDivideZyx,
  chunkflowError,
  defineSource,
  findQueue,
  flag,
  floorDivideZyx,
  formatBox,
  formatFlag,
  type Logger,
  QUEUES,
  subtractZyx,
  uniteBoxes,
  VOLUMES,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { type ProductionSizes, productionSizes } from '../kernels/production-sizes.js'
import { layTaskGrid } from '../kernels/task-grid.js'
import { describeOutput, describeThumbnails, ensureVolume, extentOf } from '../production-volumes.js'
import { sendBoxes } from '../send-boxes.js'
import { findVolume } from '../volume-box.js'

/** Below this, thumbnails would be too large to look at. */
const LEAST_THUMBNAIL_MIP = 5

export default defineSource({
  name: 'setup-env',
  summary: 'Plan a production run: sizes for a worker, info files of the output, tasks',
  description: `From the memory of a worker and the patches of a network follow the sizes of chunks and blocks; they are printed as options for the production
chain, where they must be given again. Then the info of the output volume, and that of its thumbnails, are written where they are missing,
and the tasks are sent to a queue, or run through the rest of the chain.

The output covers --volume-start to --volume-stop; what is left open is as in --source-volume, or else as in the info that is there.`,
  examples: [
    'setup-env --layer-path output --volume-start 0 0 0 --volume-size 100 4352 4352 --max-ram-size 14 --output-patch-size 20 256 256 --channel-num 3 --mip 1 --max-mip 6 debug',
  ],
  flags: {
    layerPath: flag.text({ char: 'l', aliases: ['volume-path'], required: true, summary: 'output volume' }),
    volumeStart: flag.integers3({
      defaultText: 'as --source-volume or the info there is',
      summary: 'first voxel of the output at mip 0, z y x',
    }),
    volumeStop: flag.integers3({ summary: 'its end at mip 0, excluded' }),
    volumeSize: flag.integers3({ char: 's', minimum: 1, summary: 'its size at mip 0, instead of its end' }),
    sourceVolume: flag.text({ summary: 'volume that the output is to cover; also tells the voxel size' }),
    maxRamSize: flag.integer({
      char: 'r',
      default: 15,
      minimum: 1,
      summary: 'memory of a worker in GB; an output chunk takes half of it',
    }),
    outputPatchSize: flag.integers3({
      char: 'z',
      aliases: ['patch-size'],
      required: true,
      minimum: 1,
      summary: 'what the network makes, z y x; y and x equal',
    }),
    inputPatchSize: flag.integers3({
      char: 'i',
      minimum: 1,
      defaultText: 'the output patch size',
      summary: 'what the network takes, z y x',
    }),
    channelNum: flag.integer({ char: 'c', default: 1, minimum: 1, summary: 'channels of the output' }),
    dtype: flag.text({
      char: 'd',
      choices: ['uint8', 'float16', 'float32'],
      default: 'float32',
      summary: 'element type of the output',
    }),
    outputPatchOverlap: flag.integers3({
      char: 'o',
      aliases: ['patch-overlap'],
      minimum: 0,
      defaultText: 'half of the output patch',
      summary: 'overlap of patches, z y x; y and x equal',
    }),
    cropChunkMargin: flag.integers3({
      minimum: 0,
      defaultText: 'the overlap',
      summary: 'cut from every side of the output chunk, z y x; y and x equal',
    }),
    mip: flag.integer({ char: 'm', default: 0, minimum: 0, maximum: 3, summary: 'mip of the output' }),
    thumbnailMip: flag.integer({
      char: 'b',
      default: 6,
      minimum: LEAST_THUMBNAIL_MIP,
      maximum: 16,
      summary: 'last mip of the thumbnails',
    }),
    maxMip: flag.integer({
      char: 'x',
      default: 8,
      minimum: 5,
      maximum: 16,
      summary: 'highest mip of masks: y and x of chunks are multiples of 2 to this',
    }),
    queueName: flag.text({
      char: 'q',
      summary: 'send the tasks here: a bare name or sqs://name, fq://folder',
    }),
    visibilityTimeout: flag.integer({
      char: 't',
      default: 3600,
      minimum: 1,
      summary: 'seconds for which a fetched task is hidden, of a queue that is made',
    }),
    thumbnail: flag.boolean({ default: true, summary: 'also make the volume thumbnail/ below the output' }),
    encoding: flag.text({
      char: 'e',
      default: 'raw',
      summary:
        'how blocks are encoded: raw, jpeg, png, compressed_segmentation, or an encoding of another plugin',
    }),
    voxelSize: flag.numbers3({
      char: 'v',
      defaultText: 'that of --source-volume, or 40 4 4',
      exclusiveMinimum: 0,
      summary: 'at mip 0 in nm, z y x',
    }),
    overwriteInfo: flag.boolean({ summary: 'write info files also where there are some' }),
  },
  effects: 'write',
  services: { volumes: VOLUMES, queues: QUEUES },
  sets: ['bbox'],
  async create({ options, services, globals, logger }) {
    const { volumes } = services
    const { layerPath, queueName, mip, thumbnailMip } = options
    const queue = queueName === undefined ? undefined : await findQueue(services.queues, queueName)
    const given = extentOf(options)
    const outputPatchSize = squared(options.outputPatchSize, '--output-patch-size')
    const overlap = squared(
      options.outputPatchOverlap ?? floorDivideZyx(outputPatchSize, 2),
      '--output-patch-overlap',
    )
    const patches = {
      outputPatchSize,
      inputPatchSize: squared(options.inputPatchSize ?? outputPatchSize, '--input-patch-size'),
      overlap,
      cropMargin: squared(options.cropChunkMargin ?? overlap, '--crop-chunk-margin'),
    }
    refuseMisfit(patches)
    const sizes = productionSizes({
      ...patches,
      channels: options.channelNum,
      memoryGigabytes: options.maxRamSize,
      mip,
      thumbnailMip,
      maximumMip: options.maxMip,
    })
    printSizes(patches, sizes, given, logger)

    // a dry run of a described volume needs no network
    const source = options.sourceVolume === undefined ? undefined : await requireSource(options.sourceVolume)
    const extent =
      given ??
      extentOf(
        options,
        (source ?? (await findVolume(layerPath, volumes, logger)))?.description.scales[0]?.box,
      )
    if (extent === undefined && !globals.dryRun)
      throw chunkflowError('box-missing', 'Volume start/stop/size needed to create info and tasks', {
        where: layerPath,
        fix: 'give --volume-start with --volume-stop or --volume-size, or --source-volume',
      })
    if (extent !== undefined && given === undefined) printStarts(patches, extent, logger)
    const boxes = extent === undefined ? [] : listTasks(extent, mip, sizes)
    logger.result(`total number of tasks: ${boxes.length}`)
    logger.info(
      'give these parameters again in the production chain: they are not stored in the queue or the volume',
    )

    async function writeInfos(extent: BoundingBox): Promise<void> {
      const output = {
        channels: options.channelNum,
        dtype: options.dtype,
        encoding: options.encoding,
        voxelSizeNm: options.voxelSize ?? source?.description.scales[0]?.voxelSizeNm ?? zyx(40, 4, 4),
        mip,
        thumbnailMip,
      }
      const settings = { overwrite: options.overwriteInfo, logger }
      await ensureVolume(layerPath, describeOutput(output, extent, sizes), volumes, settings)
      if (!options.thumbnail) return
      const thumbnailPath = `${layerPath.replace(/\/+$/, '')}/thumbnail`
      await ensureVolume(thumbnailPath, describeThumbnails(output, extent, sizes), volumes, settings)
    }
    async function requireSource(path: string) {
      const volume = await findVolume(path, volumes, logger)
      if (volume !== undefined) return volume
      throw chunkflowError('box-missing', `There is no volume at ${path}`, { fix: 'check --source-volume' })
    }
    return {
      range: () => (boxes.length === 0 ? undefined : boxes.reduce(uniteBoxes)),
      count: () => (queue === undefined ? boxes.length : 0),
      async *tasks(context) {
        if (globals.dryRun) {
          const target = queue === undefined ? 'run them' : `send them to ${queueName}`
          logger.info(
            `dry run: would write the info of ${layerPath}, make ${boxes.length} tasks and ${target}`,
          )
        } else {
          await writeInfos(extent!)
          if (queue !== undefined) {
            await sendBoxes(boxes, queue, { visibilitySeconds: options.visibilityTimeout }, context)
            return
          }
        }
        for (const bbox of boxes) yield { bbox, log: { bbox: formatBox(bbox) } }
      },
    }
  },
})

interface Patches {
  readonly outputPatchSize: Zyx
  readonly inputPatchSize: Zyx
  readonly overlap: Zyx
  readonly cropMargin: Zyx
}

function squared(size: Zyx, name: string): Zyx {
  if (size[1] === size[2]) return size
  throw chunkflowError('flag-invalid', `${name} ${formatFlag(size)} has another size in y than in x`, {
    fix: 'give the same number for y and x',
  })
}

function refuseMisfit({ outputPatchSize, inputPatchSize, overlap }: Patches): void {
  const refuse = (what: string, fix: string): never => {
    throw chunkflowError('flag-invalid', what, { fix })
  }
  if (overlap.some((size, axis) => size >= outputPatchSize[axis]!))
    refuse(
      `Patches of ${formatFlag(outputPatchSize)} cannot overlap by ${formatFlag(overlap)}`,
      'choose an overlap below the output patch size',
    )
  if (
    inputPatchSize.some(
      (size, axis) => size < outputPatchSize[axis]! || (size - outputPatchSize[axis]!) % 2 !== 0,
    )
  )
    refuse(
      `Patches of ${formatFlag(inputPatchSize)} cannot lie evenly around those of ${formatFlag(outputPatchSize)}`,
      'the input patch is larger than the output patch by an even number',
    )
}

/** Option lines as they go into the production chain; scripts read them. */
function printSizes(
  patches: Patches,
  sizes: ProductionSizes,
  extent: BoundingBox | undefined,
  logger: Logger,
): void {
  logger.info(`crop chunk margin ${formatFlag(patches.cropMargin)}`)
  const lines: readonly (readonly [string, Zyx])[] = [
    ['--input-patch-size', patches.inputPatchSize],
    ['--output-patch-size', patches.outputPatchSize],
    ['--output-patch-overlap', patches.overlap],
    ['--output-patch-stride', sizes.stride],
    ['--patch-num', sizes.patchNumber],
    ['--input-chunk-size', sizes.inputChunk],
    ['--output-chunk-size', sizes.outputChunk],
    ['cutout expand margin size', sizes.expandMargin],
    ['block size', sizes.block],
  ]
  for (const [name, size] of lines) logger.result(`${name} ${formatFlag(size)}`)
  logger.result(`size of a block ${round(sizes.blockMegabytes)} MB`)
  logger.result(`RAM size of a chunk ${sizes.chunkGigabytes.toFixed(6)} GB`)
  logger.result(`voxel utilization ${sizes.utilization.toFixed(2)}`)
  if (extent !== undefined) printStarts(patches, extent, logger)
}

function printStarts(patches: Patches, extent: BoundingBox, logger: Logger): void {
  const around = floorDivideZyx(subtractZyx(patches.inputPatchSize, patches.outputPatchSize), 2)
  const inputStart = subtractZyx(extent.start, addZyx(patches.cropMargin, around))
  logger.result(`volume start ${formatFlag(extent.start)}`)
  logger.result(`volume stop ${formatFlag(extent.stop)}`)
  logger.result(`volume size ${formatFlag(boxSize(extent))}`)
  logger.result(`--input-volume-start ${formatFlag(inputStart)}`)
  logger.result(`output volume start ${formatFlag(extent.start)}`)
}

const round = (value: number): number => Math.round(value * 1e6) / 1e6

/** Boxes of the output chunk's size over the scale that is written. */
function listTasks(
  extent: BoundingBox,
  mip: number,
  { outputChunk }: ProductionSizes,
): readonly BoundingBox[] {
  const factor = zyx(1, 2 ** mip, 2 ** mip)
  const start = floorDivideZyx(extent.start, factor)
  // the scale ends with the last voxel that has a part in it, as its info says
  const region = boundingBox(start, addZyx(start, ceilDivideZyx(boxSize(extent), factor)))
  return layTaskGrid({ chunkSize: outputChunk, roiStart: region.start, roiStop: region.stop }).boxes
}
