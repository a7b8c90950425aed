import {
  astype,
  type BoundingBox,
  boxContains,
  type Chunk,
  channelCount,
  chunkBox,
  chunkflowError,
  type Dtype,
  describeChunk,
  formatBox,
  formatFlag,
  formatSize,
  intersectBoxes,
  type Logger,
  type RunContext,
  rank,
  type Store,
  subtractZyx,
  type Task,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { countLost, countOutside, describeLoss } from '@chunkflow/sdk/numerics'
import { addAttributes } from './attributes.js'
import type { CodecWorkers } from './codec-workers.js'
import { createArray, missingGroups } from './create-array.js'
import { countChunks, gridOf } from './grid.js'
import { addLevel, requireFinerLevels } from './image-metadata.js'
import { parseLocation, requireFormat } from './location.js'
import { type AxisOrder, axisNamesOf, type NewArray, ordered } from './new-array.js'
import { findArray, type OpenedArray, prefixOf } from './open-array.js'
import { beginsBefore, type NewArrayOptions, planNewArray } from './plan-new-array.js'
import { writeBox } from './write-box.js'

export interface SaveOptions extends NewArrayOptions {
  readonly store: string
  readonly path: string | undefined
  /** nm at mip 0, z y x. */
  readonly resolution: Zyx | undefined
  readonly mip: number
  readonly dtype: Dtype | undefined
  readonly strictBounds: boolean
  /** The store, or --path in it, is an OME-Zarr image: the array is its level `mip`. */
  readonly ome: boolean
  /** Instance name of the step, for the log. */
  readonly name: string
}

export interface Saver {
  save(task: Task, chunk: Chunk, context: RunContext): Promise<void>
  /** Says what `save` would do, with its checks. */
  describe(task: Task, chunk: Chunk, context: RunContext): Promise<void>
}

/** The steps of save-zarr (specification 5.36); one per run. */
export function createSaver(
  options: SaveOptions,
  services: { readonly store: Store; readonly workers: CodecWorkers },
  logger: Logger,
): Saver {
  const { path, driver } = parseLocation(options.store)
  const voxelSizeNm = options.resolution?.map((nm) => nm * 2 ** options.mip) as Zyx | undefined
  const arrayPath = options.ome ? `${options.path ?? ''}/${options.mip}` : (options.path ?? '')
  let opened: OpenedArray | undefined
  let prepared = false
  let warned = false

  async function find(): Promise<OpenedArray | undefined> {
    if (opened !== undefined) return opened
    const storage = await services.store.open(path)
    const request = { path: arrayPath, driver, mip: options.mip, order: options.order }
    const found = await findArray(storage, request)
    if (found !== null) checkArray(found)
    opened = found ?? undefined
    return opened
  }

  /** What the options say of an array that is there must be true of it. */
  function checkArray({ layout, placement, where, hasNamedAxes }: OpenedArray): void {
    if (layout.readOnly !== undefined)
      throw chunkflowError('zarr-unsupported', `${where} cannot be written here: ${layout.readOnly}`, {
        where,
        fix: 'save to a new Zarr array',
      })
    const wanted = axisNamesOf(options.order, placement.roles.length)
    if (!hasNamedAxes && options.order === undefined)
      throw chunkflowError('zarr-options', `${where} does not say what its axes are`, {
        where,
        fix: 'give --order zyx or --order xyz',
      })
    if (wanted !== undefined && wanted.join() !== placement.roles.join())
      throw chunkflowError(
        'zarr-options',
        `--order ${options.order} does not fit ${where}, whose axes are ${placement.roles.join(' ')}`,
        { where, fix: 'leave --order out: the array names its axes' },
      )
    const size = subtractZyx(placement.box.stop, placement.box.start)
    if (options.shape !== undefined && options.shape.join() !== size.join())
      throw chunkflowError(
        'zarr-mismatch',
        `${where} has ${formatSize(size)} voxels, not --shape ${formatFlag(options.shape)}`,
        { where, fix: 'leave --shape out, or save to a new array' },
      )
  }

  /** The array that would be made, after all that would refuse it: a refusal leaves no empty array behind. */
  async function plan(chunk: Chunk, task: Task, { taskRange }: RunContext) {
    requireFormat(driver, options.zarrFormat, path)
    const first = { chunk, taskRange, fromQueue: task.lease !== undefined }
    const array = planNewArray(first, options, voxelSizeNm, path)
    const whole = boxOfNew(array)
    const box = writableBox(chunk, whole, path)
    const storage = await services.store.open(path)
    if (options.ome)
      await requireFinerLevels(storage, prefixOf(options.path ?? ''), options.zarrFormat, options.mip)
    await missingGroups(storage, arrayPath)
    return { storage, array, whole, box }
  }

  async function create(chunk: Chunk, task: Task, context: RunContext): Promise<OpenedArray> {
    const { storage, array: planned, whole } = await plan(chunk, task, context)
    await createArray(storage, arrayPath, planned)
    const array = await find()
    if (array === undefined) throw new Error(`${path} was removed while it was made`)
    logger.info(
      `created ${array.where}: ${planned.dtype} ${formatBox(whole)}, chunks of ${formatFlag(planned.chunkShape)}`,
    )
    if (context.taskRange === undefined && options.shape === undefined && task.has('bbox'))
      logger.warn(
        `${array.where} ends where this chunk ends: other tasks will be cropped; give --shape to make it larger`,
      )
    return array
  }

  /** What an array of others does not say; the place of a level in its image. */
  async function prepare(array: OpenedArray): Promise<void> {
    await nameAxes(array, options.order, voxelSizeNm)
    if (!options.ome) return
    const { storage, layout, placement } = array
    await addLevel(storage, prefixOf(options.path ?? ''), layout.format === 'zarr2' ? 2 : 3, options.mip, {
      path: String(options.mip),
      hasChannels: placement.channels !== null,
      voxelSizeNm: placement.voxelSizeNm ?? zyx(1, 1, 1),
      voxelOffset: placement.box.start,
    })
  }

  /** The part of a chunk inside the array. @throws zarr-mismatch, zarr-options */
  function writableBox(chunk: Chunk, whole: BoundingBox, where: string): BoundingBox {
    const box = chunkBox(chunk)
    if (box.start.some((start, axis) => start < whole.start[axis]!))
      throw beginsBefore(chunk, whole.start, where)
    const inside = intersectBoxes(box, whole)
    if (inside === null || (options.strictBounds && !boxContains(whole, box)))
      throw chunkflowError(
        'zarr-mismatch',
        `${describeChunk(chunk)} at ${formatBox(box)} lies ${inside === null ? 'outside' : 'partly outside'} ${where}, which covers ${formatBox(whole)}`,
        { where, fix: 'check the offset of the chunk and the z y x order of --shape' },
      )
    return inside
  }

  function check(chunk: Chunk, { placement, layout, where }: OpenedArray): BoundingBox {
    const channels = rank(chunk) === 3 ? null : channelCount(chunk)
    if (channels !== placement.channels)
      throw chunkflowError(
        'zarr-mismatch',
        `${describeChunk(chunk)} has ${channels ?? 'no'} channels, ${where} ${placement.channels ?? 'none'}`,
        { where, fix: 'save to another array, or change the channels of the chunk before' },
      )
    if (chunk.dtype !== layout.dtype)
      throw chunkflowError(
        'zarr-mismatch',
        `${describeChunk(chunk)} does not fit ${where}, an array of ${layout.dtype}`,
        {
          where,
          fix: `convert it with --dtype ${layout.dtype}`,
        },
      )
    return writableBox(chunk, placement.box, where)
  }

  function reportDropped(task: Task, chunk: Chunk, box: BoundingBox, where: string): void {
    const dropped = countOutside(chunk, box)
    if (dropped === 0) return
    task.log.dropped_voxels = { ...(task.log.dropped_voxels as object | undefined), [options.name]: dropped }
    if (!warned)
      logger.warn(
        `${describeChunk(chunk)} reaches beyond ${where}: ${dropped} voxels other than 0 were dropped (counted in the task log; --strict-bounds makes this an error)`,
      )
    warned = true
  }
  const converted = (chunk: Chunk): Chunk =>
    options.dtype === undefined ? chunk : astype(chunk, options.dtype)
  const reportLost = (before: Chunk, after: Chunk, where: string): void => {
    const lost = countLost(before.data, before.dtype, after.data, after.dtype)
    const loss = describeLoss(lost, before.dtype, after.dtype)
    if (loss !== undefined) logger.warn(`${where}: ${loss}`)
  }

  return {
    async save(task, original, context) {
      const chunk = converted(original)
      const array = (await find()) ?? (await create(chunk, task, context))
      const box = check(chunk, array)
      if (!prepared) await prepare(array)
      prepared = true
      const bar = context.progress.start(`write ${formatBox(box)}`, countChunks(gridOf(array), box), 'chunks')
      try {
        await writeBox(array, services.workers, chunk, {
          box,
          signal: context.signal,
          onChunk: () => bar.advance(),
        })
      } finally {
        bar.end()
      }
      reportDropped(task, chunk, box, array.where)
      reportLost(original, chunk, array.where)
    },
    async describe(task, original, context) {
      const chunk = converted(original)
      const array = await find()
      if (array !== undefined) {
        const box = check(chunk, array)
        logger.info(
          `dry run: would write ${countChunks(gridOf(array), box)} chunks, ${formatBox(box)}, of ${array.where}`,
        )
        return
      }
      const { array: planned, whole, box } = await plan(chunk, task, context)
      const below = prefixOf(arrayPath).slice(0, -1)
      const place = below === '' ? path : `${path}/${below}`
      logger.info(
        `dry run: would create ${place} (${planned.dtype} ${formatBox(whole)}) and write ${formatBox(box)}`,
      )
    },
  }
}

const boxOfNew = ({ voxelOffset, shape }: NewArray): BoundingBox =>
  chunkBox({ voxelOffset, shape } as Pick<Chunk, 'shape' | 'voxelOffset'>)

/** What an array of others does not say, once it is known. */
async function nameAxes(
  array: OpenedArray,
  order: AxisOrder | undefined,
  voxelSizeNm: Zyx | undefined,
): Promise<void> {
  const { placement, hasNamedAxes } = array
  const names = hasNamedAxes ? undefined : axisNamesOf(order, placement.roles.length)
  const isXyz = placement.roles.indexOf('x') < placement.roles.indexOf('z')
  const added = {
    ...(names === undefined ? {} : { _ARRAY_DIMENSIONS: names }),
    ...(voxelSizeNm === undefined || placement.voxelSizeNm !== null
      ? {}
      : { resolution: ordered(isXyz ? 'xyz' : 'zyx', voxelSizeNm) }),
  }
  if (Object.keys(added).length > 0) await addAttributes(array, added)
}
