import {
  chunkflowError,
  defineSource,
  FILES,
  findQueue,
  flag,
  formatBox,
  kebabCase,
  PIPELINES,
  QUEUES,
  READERS,
  uniteBoxes,
  VOLUMES,
} from '@chunkflow/sdk'
import { anonymousPath } from '@chunkflow/sdk/storage'
import { decodeBoxes, encodeBoxes } from '../kernels/box-list.js'
import { sendBoxes } from '../send-boxes.js'
import { listBoxes, selectBoxes } from '../task-list.js'
import { findCoveredBox } from '../volume-box.js'

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
      summary: 'size of a box; required unless --bounding-box or --boxes is given',
    }),
    boundingBox: flag.text({ char: 'b', summary: 'one box, as z0-z1_y0-y1_x0-x1' }),
    boxes: flag.text({
      summary: 'take the boxes of this file instead of a grid: .npy of --file-path, or text of verify-volume',
    }),
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
    queueName: flag.text({
      char: 'q',
      summary:
        'send the boxes to this queue (a bare name or sqs://name, fq://folder) instead of running them',
    }),
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
    for: flag.text({
      summary:
        'pipeline file (--save-pipeline): the tasks go with its digest, and workers that run another chain refuse them',
    }),
    taskIndexStart: flag.integer({ char: 'i', minimum: 0, summary: 'first box of the list to use' }),
    taskIndexStop: flag.integer({ char: 'p', minimum: 0, summary: 'end of the list, excluded' }),
    disbatch: flag.boolean({ char: 'd', summary: 'use the box with index $DISBATCH_REPEAT_INDEX' }),
    useHttps: flag.boolean({ no: 'use-credential', summary: 'read a public bucket without credentials' }),
  },
  effects: 'read',
  services: { files: FILES, volumes: VOLUMES, readers: READERS, queues: QUEUES, pipelines: PIPELINES },
  sets: ['bbox', 'bbox_index', 'bbox_num'],
  async create({ options, services, globals, logger }) {
    const { volumePath, filePath, queueName } = options
    if (options.for !== undefined && queueName === undefined)
      throw chunkflowError('flag-missing', '--for is for tasks of a queue', {
        fix: 'give --queue-name, or leave --for out',
      })
    // before anything is written: is there a way to send, and a chain to do the tasks?
    const queue = queueName === undefined ? undefined : await findQueue(services.queues, queueName)
    const stamp = options.for === undefined ? undefined : await digestOf(options.for)
    if (options.boxes !== undefined) refuseGrid(options)
    const path = options.useHttps && volumePath !== undefined ? anonymousPath(volumePath) : volumePath
    const covered =
      path === undefined
        ? {}
        : await findCoveredBox(path, options.mip ?? globals.mip, { ...services, logger })
    const listed =
      options.boxes === undefined
        ? listBoxes({ ...options, ...covered, respectStop: !options.respectChunkSize }, logger)
        : decodeBoxes(await services.files.read(options.boxes), options.boxes)
    logger.info(`${listed.length} candidate boxes`)
    const kept = selectBoxes(listed, options)
    const boxes = kept.map(({ box }) => box)
    logger.result(`total number of tasks: ${boxes.length}`)

    /** The chain is planned for it: mistakes come to light before tasks are sent. */
    async function digestOf(file: string): Promise<string> {
      const text = Buffer.from(await services.files.read(file)).toString('utf8')
      const digest = await services.pipelines.digestOf(text, file)
      logger.info(`tasks for the pipeline ${digest.slice(0, 12)} (${file})`)
      return digest
    }

    async function writeFile(path: string): Promise<void> {
      const file = path.endsWith('.npy') ? path : `${path}.npy`
      if (globals.dryRun) logger.info(`dry run: would write ${boxes.length} boxes to ${file}`)
      else await services.files.write(file, encodeBoxes(boxes))
    }
    return {
      // of all jobs that share the list: a volume that one of them creates has room for the results of the others
      range: () => (listed.length === 0 ? undefined : listed.reduce(uniteBoxes)),
      count: () => (queue === undefined ? boxes.length : 0),
      async *tasks({ progress, signal }) {
        if (filePath !== undefined) await writeFile(filePath)
        if (queue !== undefined) {
          if (globals.dryRun) {
            logger.info(`dry run: would send ${boxes.length} boxes to the queue ${queueName}`)
            return
          }
          await sendBoxes(boxes, queue, { stamp }, { progress, signal })
          return
        }
        for (const [position, { box, index }] of kept.entries()) {
          logger.result(`executing task ${position} in ${kept.length} with bounding box ${formatBox(box)}`)
          const variables = { bbox_index: index, bbox_num: kept.length }
          yield { bbox: box, variables, log: { bbox: formatBox(box) } }
        }
      },
    }
  },
})

/** What says which boxes there are. */
const GRID_OPTIONS = [
  'volumePath',
  'roiStart',
  'roiStop',
  'roiSize',
  'chunkSize',
  'boundingBox',
  'gridSize',
  'stride',
  'alignedBlockSize',
] as const

/** @throws flag-invalid */
function refuseGrid(options: Readonly<Partial<Record<(typeof GRID_OPTIONS)[number], unknown>>>): void {
  const given = GRID_OPTIONS.find((name) => options[name] !== undefined)
  if (given !== undefined)
    throw chunkflowError('flag-invalid', `--boxes has the boxes, so --${kebabCase(given)} says nothing`, {
      fix: `leave out --${kebabCase(given)}, or --boxes`,
    })
}
