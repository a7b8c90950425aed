import { availableParallelism } from 'node:os'
import {
  boxOf,
  boxSize,
  type Chunk,
  type Compute,
  chunkBox,
  chunkflowError,
  describeChunk,
  emptyChunk,
  formatBox,
  formatFlag,
  type Logger,
  type NewVolume,
  type RunContext,
  type Task,
  type Zyx,
} from '@chunkflow/sdk'
import { describeVolumeFor, warningFor } from './describe-new-volume.js'
import { isBelow } from './kernels/below-threshold.js'
import { type Conversion, conversionTo } from './kernels/convert-dtype.js'
import type { Creation } from './storage-options.js'
import { describeThumbnailVolume, makeThumbnail, openThumbnailVolume, writeThumbnail } from './thumbnail.js'
import { countBlocks, writableBox } from './volume/blocks.js'
import {
  createPrecomputedFormat,
  type PrecomputedServices,
  type PrecomputedVolume,
  requireVolume,
} from './volume/format.js'
import { newInfo, scaleOf } from './volume/info.js'
import type { CompressionChoice } from './volume/scale-access.js'
import { logKey, storedLog } from './volume/task-log.js'
import { BLOCKS_IN_FLIGHT } from './volume/write.js'

export interface SaveOptions extends Creation {
  readonly volumePath: string
  readonly mip: number
  /** Instance name of the step, for the log. */
  readonly name: string
  readonly uploadLog: boolean
  readonly createThumbnail: boolean
  readonly intensityThreshold: number | undefined
  readonly parallel: number
  readonly strictBounds: boolean
  readonly allowUnaligned: boolean
  readonly compression: CompressionChoice
  readonly volumeStart: Zyx | undefined
  readonly volumeSize: Zyx | undefined
  readonly blockSize: Zyx
  readonly encoding: string
}

export interface Saver {
  save(task: Task, chunk: Chunk, context: RunContext): Promise<void>
  /** Says what `save` would do, with its checks. */
  describe(task: Task, chunk: Chunk, context: RunContext): Promise<void>
  /** Zeros over the task's box, for a task that skipped everything before. */
  blankChunk(task: Task): Promise<Chunk>
}

/** The steps of save-precomputed (specification 5.59); one per run. */
export function createSaver(
  options: SaveOptions,
  services: PrecomputedServices & { readonly compute: Compute },
  logger: Logger,
): Saver {
  const { volumePath: path, mip, intensityThreshold: threshold } = options
  const format = createPrecomputedFormat(services)
  const told = new Set<string>()
  const once = (topic: string, tell: () => void): void => {
    if (!told.has(topic)) tell()
    told.add(topic)
  }
  let volume: PrecomputedVolume | undefined
  let thumbnails: PrecomputedVolume | undefined

  const isSkipped = (chunk: Chunk): boolean => {
    if (threshold === undefined || !isBelow(chunk, threshold)) return false
    logger.info(`not saved: every voxel of ${describeChunk(chunk)} is below ${threshold}`)
    return true
  }
  const find = async (): Promise<PrecomputedVolume | undefined> => {
    volume ??= (await format.open(path)) ?? undefined
    return volume
  }
  /** What would be created, after checking that the chunk fits it: a misaligned chunk leaves no empty volume behind. */
  const describeNew = (task: Task, chunk: Chunk, { taskRange }: RunContext): NewVolume => {
    if (mip > 0)
      throw chunkflowError(
        'volume-missing',
        `There is no volume at ${path}, and mip ${mip} cannot be the first`,
        {
          where: path,
          fix: 'make the volume with create-info, or save at mip 0',
        },
      )
    const first = { chunk, taskRange, fromQueue: task.lease !== undefined }
    const described = describeVolumeFor(first, options, path)
    writableBox(newInfo(described).scales[0]!, chunkBox(chunk), {
      where: `${path} (new)`,
      strict: options.strictBounds,
      allowUnaligned: options.allowUnaligned,
    })
    return described
  }
  const create = async (task: Task, chunk: Chunk, context: RunContext): Promise<PrecomputedVolume> => {
    const described = describeNew(task, chunk, context)
    const created = await format.create(path, described)
    logger.info(
      `created ${path}: ${described.dtype} ${described.layerType} ${formatBox(described.box)}, blocks of ${formatFlag(described.blockSize)}`,
    )
    const warning = warningFor(described)
    if (warning !== undefined) logger.warn(warning)
    if (context.taskRange === undefined && options.volumeSize === undefined && task.has('bbox'))
      logger.warn(
        `${path} is as large as this chunk: other tasks will be cropped; give --volume-size or run create-info first`,
      )
    return created
  }
  const conversionFor = (chunk: Chunk, target: PrecomputedVolume): Conversion | null => {
    const conversion = conversionTo(chunk.dtype, target.info.dtype)
    if (conversion !== null) once('conversion', () => logger.info(conversion.description))
    return conversion
  }
  const writeOptions = (conversion: Conversion | null) => ({
    mip,
    strictBounds: options.strictBounds,
    allowUnaligned: options.allowUnaligned,
    compression: options.compression,
    parallel: BLOCKS_IN_FLIGHT * processes(options.parallel),
    ...(conversion === null ? {} : { convert: conversion.convert }),
  })
  const thumbnailOf = async (chunk: Chunk, main: PrecomputedVolume, context: RunContext) => {
    thumbnails ??= await openThumbnailVolume(format, path, () =>
      describeThumbnailVolume(main.info, chunk, mip),
    )
    const { compute } = services
    const thumbnail = await makeThumbnail(chunk, mip, thumbnails, { compute, signal: context.signal, logger })
    return thumbnail === null ? null : { thumbnail, target: thumbnails }
  }
  const report = (task: Task, chunk: Chunk, dropped: number, conversion: Conversion | null): void => {
    if (dropped > 0) {
      task.log.dropped_voxels = {
        ...(task.log.dropped_voxels as object | undefined),
        [options.name]: dropped,
      }
      once('dropped', () =>
        logger.warn(
          `${describeChunk(chunk)} reaches beyond ${path}: ${dropped} voxels other than 0 were dropped (counted in the task log; --strict-bounds makes this an error)`,
        ),
      )
    }
    const wrapped = conversion?.wrapped() ?? 0
    if (wrapped > 0)
      logger.warn(
        `${wrapped} voxels of ${describeChunk(chunk)} do not fit ${path} and were wrapped: ${conversion!.description}`,
      )
  }

  return {
    async save(task, chunk, context) {
      if (isSkipped(chunk)) return
      const started = performance.now()
      volume = (await find()) ?? (await create(task, chunk, context))
      const conversion = conversionFor(chunk, volume)
      const plan = await volume.planWrite(chunk, writeOptions(conversion))
      const made = options.createThumbnail ? await thumbnailOf(chunk, volume, context) : null
      let zeroBlocks = 0
      const bar = context.progress.start(`write ${formatBox(plan.box)}`, plan.blocks, 'blocks')
      try {
        const { voxelsDropped, blocksDeleted } = await volume.write(chunk, {
          ...writeOptions(conversion),
          signal: context.signal,
          onBlock: () => bar.advance(),
        })
        report(task, chunk, voxelsDropped, conversion)
        zeroBlocks = blocksDeleted
      } finally {
        bar.end()
      }
      if (made !== null) await writeThumbnail(made.thumbnail, made.target, context.signal)
      // the kernel sets the timer when the step is over: too late for the uploaded log
      task.log.timer[options.name] = (performance.now() - started) / 1000
      if (options.uploadLog)
        await volume.writeJson(logKey(chunkBox(chunk)), storedLog(task.log, { mip, zero_blocks: zeroBlocks }))
    },
    async describe(task, chunk, context) {
      if (isSkipped(chunk)) return
      const existing = await find()
      if (existing === undefined) {
        const described = describeNew(task, chunk, context)
        const scale = newInfo(described).scales[0]!
        logger.info(
          `would create ${path} (${formatBox(scale.box)}) and write ${countBlocks(scale, chunkBox(chunk))} blocks`,
        )
      } else {
        const plan = await existing.planWrite(chunk, writeOptions(conversionFor(chunk, existing)))
        logger.info(`would write ${plan.blocks} blocks, ${formatBox(plan.box)}, to mip ${mip} of ${path}`)
      }
      if (options.createThumbnail) logger.info(`would write a thumbnail to ${path}/thumbnail`)
      if (options.uploadLog) logger.info(`would write ${path}/${logKey(chunkBox(chunk))}`)
    },
    async blankChunk(task) {
      volume ??= await requireVolume(format, path)
      const { channels, dtype, layerType } = volume.info
      const box = boxOf(task)
      return emptyChunk(dtype, [channels, ...boxSize(box)], {
        voxelOffset: box.start,
        voxelSize: scaleOf(volume.info, mip, path).voxelSizeNm,
        layerType,
      })
    },
  }
}

const processes = (parallel: number): number =>
  parallel < 0 ? availableParallelism() : Math.max(1, parallel)
