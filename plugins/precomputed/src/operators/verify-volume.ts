import {
  BLOCK_CACHE,
  type BoundingBox,
  boxSize,
  chunkflowError,
  defineOperator,
  ENCODINGS,
  FILES,
  flag,
  formatBox,
  formatFlag,
  formatSize,
  type RunContext,
  STORE,
  type VolumeScale,
  type Zyx,
} from '@chunkflow/sdk'
import { anonymousPath } from '@chunkflow/sdk/storage'
import { countLacking, findLost } from '../verify/find-lost.js'
import { createPrecomputedFormat } from '../volume/format.js'
import { scaleOf } from '../volume/info.js'
import { openOnce } from '../volume/open-once.js'
import { boxesInLog, explainedBoxes } from '../volume/task-log.js'

/** Boxes that are printed; a task file has all of them. */
const BOXES_SHOWN = 10

export default defineOperator({
  name: 'verify-volume',
  summary: 'Prove that every block of a volume was written, and list the tasks of those that were not',
  description: `Blocks of zeros are never stored. One that is missing counts as written when it lies in the box of a task whose log in the volume (save-precomputed
--upload-log) tells of as many blocks of zeros as are missing there; every other missing block is lost, and the run fails. --task-file keeps the boxes that hold lost blocks, of
the chunk size of the run, for generate-tasks --boxes. Blocks are listed, not read.`,
  examples: [
    'create-chunk save-precomputed -v volume --upload-log verify-volume -v volume',
    'create-chunk --size 32 64 64 save-precomputed -v other --upload-log verify-volume -v other --chunk-size 32 64 64 --task-file lost.txt',
  ],
  flags: {
    volumePath: flag.text({ char: 'v', required: true, summary: 'volume to look into' }),
    mip: flag.integer({ char: 'm', minimum: 0, defaultText: 'global --mip', summary: 'scale to look at' }),
    chunkSize: flag.integers3({
      char: 'c',
      minimum: 1,
      defaultText: 'one block',
      summary: 'boxes in which lost blocks are told, from the start of the volume: those of the tasks, z y x',
    }),
    log: flag.boolean({ default: true, summary: 'believe the log of the volume' }),
    taskFile: flag.text({ char: 'f', summary: 'text file for the boxes that hold lost blocks' }),
    useHttps: flag.boolean({ no: 'use-credential', summary: 'read a public bucket without credentials' }),
  },
  services: { store: STORE, encodings: ENCODINGS, cache: BLOCK_CACHE, files: FILES },
  effects: 'write',
  create({ options, services, globals, logger }) {
    const mip = options.mip ?? globals.mip
    const path = options.useHttps ? anonymousPath(options.volumePath) : options.volumePath
    const open = openOnce(createPrecomputedFormat(services), path)

    async function verify({ signal, progress }: RunContext): Promise<readonly BoundingBox[]> {
      const volume = await open()
      const scale = scaleOf(volume.info, mip, volume.storage.root)
      const bar = progress.start('blocks found', undefined, 'blocks')
      try {
        const named = options.log ? await boxesInLog(volume.storage, signal) : []
        const lost: BoundingBox[] = []
        if (options.chunkSize !== undefined) requireWholeBlocks(options.chunkSize, scale)
        for (const census of await volume.census(mip, { signal, onBlocks: (count) => bar.advance(count) })) {
          const { blockSize } = census.layout
          const doubted = named
            .map((box) => ({ box, lacking: countLacking(census, box) }))
            .filter(({ lacking }) => lacking > 0)
          const written = await explainedBoxes(volume, doubted, mip, signal)
          const {
            blank,
            lost: count,
            cells,
          } = await findLost(census, written, options.chunkSize ?? blockSize, signal)
          logger.result(
            `mip ${mip} of ${path}, ${formatBox(scale.box)}: ${census.blocks} blocks of ${formatSize(blockSize)}`,
          )
          logger.result(`stored ${census.stored.count}`)
          logger.result(`zeros  ${blank}${options.log ? ', which the log tells of' : ''}`)
          logger.result(`lost   ${count}`)
          lost.push(...cells)
        }
        return lost
      } finally {
        bar.end()
      }
    }
    const incomplete = (lost: readonly BoundingBox[]) =>
      chunkflowError(
        'volume-incomplete',
        `Blocks are missing in ${lost.length} box${lost.length === 1 ? '' : 'es'}: ${lost.slice(0, BOXES_SHOWN).map(formatBox).join(', ')}${lost.length > BOXES_SHOWN ? ', …' : ''}`,
        {
          where: `${path}, mip ${mip}`,
          fix:
            options.taskFile === undefined
              ? 'do these tasks again; --task-file FILE keeps them for generate-tasks --boxes'
              : `do these tasks again: generate-tasks --boxes ${options.taskFile} …`,
        },
      )
    return {
      async run(_task, context) {
        const lost = await verify(context)
        if (options.taskFile !== undefined)
          await services.files.write(options.taskFile, Buffer.from(printBoxes(lost)))
        if (lost.length > 0) throw incomplete(lost)
      },
      async dryRun(_task, context) {
        const lost = await verify(context)
        if (options.taskFile !== undefined)
          logger.info(`would write ${lost.length} boxes to ${services.files.resolve(options.taskFile)}`)
        if (lost.length > 0) throw incomplete(lost)
      },
    }
  },
})

/** Boxes that cut blocks would share them: tasks that run at the same time must not. */
function requireWholeBlocks(
  chunkSize: Zyx,
  { blockSize, box }: Pick<VolumeScale, 'blockSize' | 'box'>,
): void {
  const extent = boxSize(box)
  const isWhole = [0, 1, 2].every(
    (axis) => chunkSize[axis]! % blockSize[axis]! === 0 || chunkSize[axis]! >= extent[axis]!,
  )
  if (isWhole) return
  throw chunkflowError(
    'volume-misaligned',
    `Boxes of ${formatSize(chunkSize)} do not consist of whole blocks of ${formatSize(blockSize)}`,
    { fix: `use a --chunk-size that is a multiple of ${formatFlag(blockSize)}` },
  )
}

/** A row for each box, z0 y0 x0 z1 y1 x1. */
const printBoxes = (boxes: readonly BoundingBox[]): string =>
  boxes.map(({ start, stop }) => `${[...start, ...stop].join(',')}\n`).join('')
