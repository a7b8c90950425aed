import {
  type BoundingBox,
  boxSize,
  chunkflowError,
  defineSource,
  equalZyx,
  FILES,
  flag,
  formatBox,
  formatFlag,
  type Logger,
  parseBox,
  QUEUES,
  READERS,
  uniteBoxes,
  VOLUMES,
  type Zyx,
} from '@chunkflow/sdk'
import { encodeBoxes } from '../kernels/box-list.js'
import { layTaskGrid } from '../kernels/task-grid.js'
import { openQueue } from '../queue-name.js'
import { findVolumeBox } from '../volume-box.js'

export default defineSource({
  name: 'generate-tasks',
  aliases: ['generate-task'],
  summary: 'Make tasks that cover a region or a volume with boxes',
  description:
    'The region comes from --roi-start with --roi-stop, --roi-size or --grid-size, or from a volume. Boxes may overlap. They run through the rest of the chain one after another, are written to a file, or are sent to a queue.',
  examples: [
    'generate-tasks --chunk-size 16 64 64 --grid-size 2 2 2 --file-path boxes.npy',
    'generate-tasks --roi-stop 40 100 100 --chunk-size 20 50 50 debug',
  ],
  flags: {
    volumePath: flag.text({
      char: 'v',
      charAliases: ['l'],
      aliases: ['layer-path'],
      summary: 'volume (or HDF5 file) that supplies offset and size',
    }),
    mip: flag.integer({
      char: 'm',
      minimum: 0,
      defaultText: 'global --mip',
      summary: 'scale of that volume',
    }),
    roiStart: flag.integers3({
      char: 's',
      aliases: ['start', 'offset'],
      defaultText: '0 0 0, or the volume',
      summary: 'start of the region',
    }),
    roiStop: flag.integers3({ char: 'r', aliases: ['stop'], summary: 'end of the region, excluded' }),
    roiSize: flag.integers3({ char: 'z', minimum: 0, summary: 'size of the region' }),
    chunkSize: flag.integers3({
      char: 'c',
      aliases: ['shape'],
      minimum: 0,
      summary: 'size of a box; required unless --bounding-box is given',
    }),
    boundingBox: flag.text({ char: 'b', summary: 'one box, as z0-z1_y0-y1_x0-x1' }),
    gridSize: flag.integers3({ char: 'g', minimum: 0, summary: 'number of boxes' }),
    overlap: flag.integers3({
      char: 'o',
      default: [0, 0, 0],
      minimum: 0,
      summary: 'overlap of neighbouring boxes',
    }),
    stride: flag.integers3({
      minimum: 0,
      defaultText: 'chunk size - overlap',
      summary: 'step from box to box',
    }),
    filePath: flag.text({ char: 'f', summary: 'also write the boxes to this .npy file' }),
    queueName: flag.text({ char: 'q', summary: 'send the boxes to this queue instead of running them' }),
    respectChunkSize: flag.boolean({
      default: true,
      no: 'respect-stop',
      summary: 'the last boxes keep their size; --respect-stop cuts them',
    }),
    alignedBlockSize: flag.integers3({
      char: 'a',
      minimum: 1,
      summary: 'align start and stop of the region to multiples of this',
    }),
    taskIndexStart: flag.integer({ char: 'i', minimum: 0, summary: 'first box of the list to use' }),
    taskIndexStop: flag.integer({ char: 'p', minimum: 0, summary: 'end of the list, excluded' }),
    disbatch: flag.boolean({ char: 'd', summary: 'use the box with index $DISBATCH_REPEAT_INDEX' }),
    useHttps: flag.boolean({ no: 'use-credential', summary: 'read the volume anonymously over https' }),
  },
  effects: 'read',
  services: { files: FILES, volumes: VOLUMES, readers: READERS, queues: QUEUES },
  sets: ['bbox', 'bbox_index', 'bbox_num'],
  async create({ options, services, globals, logger }) {
    const { volumePath } = options
    const volume =
      volumePath === undefined
        ? undefined
        : await findVolumeBox(volumePath, options.mip ?? globals.mip, services)
    const boxes = listBoxes(options, volume, logger)
    logger.info(`${boxes.length} candidate boxes`)
    const kept = selectBoxes(boxes, options)
    logger.result(`total number of tasks: ${kept.length}`)
    const all = kept.map(({ box }) => box)
    return {
      range: () => (all.length === 0 ? undefined : all.reduce(uniteBoxes)),
      async *tasks({ logger: messages }) {
        if (options.filePath !== undefined) await writeBoxes(options.filePath)
        if (options.queueName !== undefined) {
          await sendBoxes(options.queueName)
          return
        }
        for (const [position, { box, index }] of kept.entries()) {
          messages.info(`executing task ${position} in ${kept.length} with bounding box ${formatBox(box)}`)
          yield {
            bbox: box,
            variables: { bbox_index: options.disbatch ? index : position, bbox_num: kept.length },
            log: { bbox: formatBox(box) },
          }
        }
      },
    }

    async function writeBoxes(path: string): Promise<void> {
      const file = path.endsWith('.npy') ? path : `${path}.npy`
      if (globals.dryRun) logger.info(`dry run: would write ${kept.length} boxes to ${file}`)
      else await services.files.write(file, encodeBoxes(all))
    }

    async function sendBoxes(name: string): Promise<void> {
      if (globals.dryRun) logger.info(`dry run: would send ${kept.length} boxes to the queue ${name}`)
      else {
        await (await openQueue(services.queues, name, {})).send(all.map(formatBox))
        logger.info(`sent ${kept.length} boxes to ${name}`)
      }
    }
  },
})

interface ListOptions {
  readonly boundingBox: string | undefined
  readonly chunkSize: Zyx | undefined
  readonly respectChunkSize: boolean
  readonly [name: string]: unknown
}

function listBoxes(
  options: ListOptions,
  volume: BoundingBox | undefined,
  logger: Logger,
): readonly BoundingBox[] {
  const { boundingBox: text, chunkSize } = options
  if (text !== undefined) {
    const box = parseBox(text)
    if (box === null)
      throw chunkflowError('box-missing', `"${text}" is not a bounding box`, {
        fix: 'write it as z0-z1_y0-y1_x0-x1',
      })
    if (chunkSize !== undefined && !equalZyx(chunkSize, boxSize(box)))
      throw chunkflowError(
        'box-missing',
        `--bounding-box is ${formatFlag(boxSize(box))} large, but --chunk-size says ${formatFlag(chunkSize)}`,
        { fix: 'leave --chunk-size out' },
      )
    return [box]
  }
  if (chunkSize === undefined)
    throw chunkflowError('box-missing', 'The size of the boxes is missing', {
      fix: 'give --chunk-size, or --bounding-box',
    })
  const grid = layTaskGrid({
    ...(options as object),
    chunkSize,
    respectStop: !options.respectChunkSize,
    volume,
  })
  logger.info(
    `region start ${formatFlag(grid.start)}, stride ${formatFlag(grid.stride)}, grid size ${formatFlag(grid.size)}, ${grid.boxes.length} boxes`,
  )
  const last = grid.boxes.at(-1)
  if (last !== undefined)
    logger.info(
      `end of the last box ${formatFlag(last.stop)}; box in the centre: number ${grid.centre}, ${formatBox(grid.boxes[grid.centre]!)}`,
    )
  return grid.boxes
}

/** Boxes to use, with their index in the whole list. */
function selectBoxes(
  boxes: readonly BoundingBox[],
  {
    taskIndexStart,
    taskIndexStop,
    disbatch,
  }: { taskIndexStart: number | undefined; taskIndexStop: number | undefined; disbatch: boolean },
): { box: BoundingBox; index: number }[] {
  const numbered = boxes.map((box, index) => ({ box, index }))
  if (taskIndexStart !== undefined || taskIndexStop !== undefined)
    return numbered.slice(taskIndexStart ?? 0, taskIndexStop)
  if (!disbatch) return numbered
  const index = Number(process.env.DISBATCH_REPEAT_INDEX ?? Number.NaN)
  if (!Number.isInteger(index) || index < 0 || index >= boxes.length)
    throw chunkflowError(
      'box-missing',
      `DISBATCH_REPEAT_INDEX is ${process.env.DISBATCH_REPEAT_INDEX ?? 'not set'}; there are ${boxes.length} boxes`,
      { fix: 'set it to an index of the list, starting at 0' },
    )
  return numbered.slice(index, index + 1)
}
