import {
  type BoundingBox,
  boxFromSize,
  bytesPerElement,
  chunkflowError,
  eachService,
  formatBox,
  formatFlag,
  intersectBoxes,
  isEmptyBox,
  type Logger,
  type NewVolume,
  type RunContext,
  type ServiceFamily,
  type Store,
  type Volume,
  type VolumeFormat,
  type VolumeScale,
  type Zyx,
} from '@chunkflow/sdk'
import type { Creation } from '../storage-options.js'
import { writableBox } from '../volume/blocks.js'
import {
  createPrecomputedFormat,
  type PrecomputedServices,
  type PrecomputedVolume,
  type PrecomputedWriteOptions,
} from '../volume/format.js'
import type { VolumeInfo } from '../volume/info.js'
import { blockShape, findEncoding, refusesToWrite } from '../volume/scale-access.js'
import { choosePieces, countPieces, type Pieces, piecesOf } from './pieces.js'
import { targetInfo } from './target-info.js'

export interface CopyOptions extends Creation {
  readonly sourcePath: string
  readonly targetPath: string
  /** Of a target that is made; what is undefined is as in the source. */
  readonly blockSize: Zyx | undefined
  readonly encoding: string | undefined
  readonly fillMissing: boolean
  readonly allowUnaligned: boolean
  /** Leave out pieces of which the target has all blocks. */
  readonly resume: boolean
  /** Voxels in memory at a time: a piece that is written and one that is read. */
  readonly memoryBytes: number
  /** Decoded blocks of the source to keep. */
  readonly cacheBytes: number
  readonly write: Pick<PrecomputedWriteOptions, 'parallel' | 'compression'>
}

export interface CopyServices extends PrecomputedServices {
  readonly volumes: ServiceFamily<VolumeFormat>
}

export interface Copier {
  /** Mips of the source. */
  mips(): Promise<readonly number[]>
  /** Copies a box of a scale, or all of it, piece by piece. */
  copy(mip: number, box: BoundingBox | undefined, context: RunContext): Promise<void>
  /** Says what {@link copy} would do. */
  describe(mip: number, box: BoundingBox | undefined): Promise<void>
}

/** Copies from one volume to another in bounded memory; one per run. The target is made at the first copy. */
export function createCopier(options: CopyOptions, services: CopyServices, logger: Logger): Copier {
  const format = createPrecomputedFormat(services)
  let source: Volume | undefined
  let target: PrecomputedVolume | undefined

  const openSource = async (): Promise<Volume> => {
    source ??= await findSource(options.sourcePath, format, services.volumes, logger)
    return source
  }
  /** The encoding of a precomputed source with its settings, if it can be written, else raw blocks. */
  async function sourceEncoding(from: Volume): Promise<Pick<NewVolume, 'encoding' | 'encodingSettings'>> {
    const scale = (from as Partial<PrecomputedVolume>).info?.scales[0]
    const { encodings } = services
    if (
      scale === undefined ||
      (encodings.has(scale.encoding) && (await encodings.get(scale.encoding)).readOnly)
    )
      return { encoding: 'raw' }
    return { encoding: scale.encoding, encodingSettings: { ...scale.json, ...options.encodingSettings } }
  }
  /** The target as it is, or as it would be. */
  async function planTarget(from: Volume): Promise<{ volume: PrecomputedVolume; exists: boolean }> {
    const present = target ?? (await format.open(options.targetPath))
    if (present !== null) {
      refuseOther(from, present)
      return { volume: present, exists: true }
    }
    const info = targetInfo(from.description, {
      blockSize: options.blockSize,
      sharding: options.sharding,
      ...(options.encoding === undefined
        ? await sourceEncoding(from)
        : { encoding: options.encoding, encodingSettings: options.encodingSettings }),
    })
    return { volume: format.over(await services.store.open(options.targetPath), info), exists: false }
  }
  async function make(info: VolumeInfo): Promise<PrecomputedVolume> {
    await writeProvenance(services.store, options)
    const made = await format.replaceInfo(options.targetPath, info)
    const [scale] = info.scales
    logger.info(
      `created ${options.targetPath}: ${info.scales.length} scales, ${scale!.encoding}, blocks of ${formatFlag(scale!.blockSize)}`,
    )
    return made
  }

  /** What of a scale is copied, and in which pieces; undefined when box and volumes have nothing in common. */
  async function plan(from: Volume, to: PrecomputedVolume, mip: number, box: BoundingBox | undefined) {
    const source = scaleAt(from, mip, options.sourcePath)
    const target = scaleAt(to, mip, options.targetPath)
    const common = intersectBoxes(source.box, target.box)
    const region = common === null || box === undefined ? common : intersectBoxes(common, box)
    if (region === null || isEmptyBox(region)) {
      logger.warn(`${formatBox(box ?? source.box)} lies outside ${options.targetPath}: nothing to copy`)
      return undefined
    }
    const { channels, dtype } = from.description
    // what cannot be written is found before the target is made
    if (!options.allowUnaligned) writableBox(target, region, { where: `${options.targetPath}, mip ${mip}` })
    await refuseEncoding(to, mip)
    const pieces = choosePieces({
      region,
      source,
      target,
      bytesPerVoxel: channels * bytesPerElement(dtype),
      // one piece is written while the next is read
      pieceBytes: options.memoryBytes / 2,
    })
    return { region, origin: target.box.start, ...pieces }
  }

  /** @throws encoding-unknown, encoding-refused */
  async function refuseEncoding({ info, storage }: PrecomputedVolume, mip: number): Promise<void> {
    const scale = info.scales[mip]!
    const encoding = await findEncoding(services.encodings, scale.encoding, storage.root)
    const block = boxFromSize(scale.box.start, scale.blockSize)
    const refusal = refusesToWrite(encoding, blockShape(info, scale, block))
    if (refusal === undefined) return
    throw chunkflowError('encoding-refused', `Encoding ${scale.encoding} cannot hold the copy: ${refusal}`, {
      where: storage.root,
      fix: 'choose another --encoding',
    })
  }

  const writeOptions = (mip: number, { coverWrites }: Pieces) => ({
    ...options.write,
    mip,
    allowUnaligned: options.allowUnaligned || !coverWrites,
  })

  return {
    mips: async () => (await openSource()).description.scales.map(({ mip }) => mip),
    async copy(mip, box, { signal, progress }) {
      const from = await openSource()
      const { volume, exists } = await planTarget(from)
      const planned = await plan(from, volume, mip, box)
      if (planned === undefined) return
      const to = exists ? volume : await make(volume.info)
      target = to
      const { region, origin, size } = planned
      if (!planned.coverWrites)
        logger.info(
          `files of ${options.targetPath} do not fit into the memory: they are written several times`,
        )
      const read = (piece: BoundingBox) =>
        from.read({
          mip,
          box: piece,
          fillMissing: options.fillMissing,
          cacheBytes: options.cacheBytes,
          signal,
        })
      const next = async (pieces: Iterator<BoundingBox>): Promise<BoundingBox | undefined> => {
        for (let found = pieces.next(); !found.done; found = pieces.next()) {
          if (!options.resume || !(await to.hasAllBlocks(found.value, mip))) return found.value
          bar.advance()
        }
        return undefined
      }
      const bar = progress.start(
        `copy ${formatBox(region)} of mip ${mip}`,
        countPieces(region, origin, size),
        'pieces',
      )
      try {
        const pieces = piecesOf(region, origin, size)
        let piece = await next(pieces)
        let reading = piece === undefined ? undefined : read(piece)
        while (reading !== undefined) {
          const chunk = await reading
          piece = await next(pieces)
          reading = piece === undefined ? undefined : read(piece)
          try {
            await to.write(chunk, { ...writeOptions(mip, planned), signal })
          } catch (error) {
            // what is being read ends before the error is told
            await reading?.catch(() => {})
            throw error
          }
          bar.advance()
        }
      } finally {
        bar.end()
      }
    },
    async describe(mip, box) {
      const from = await openSource()
      const { volume, exists } = await planTarget(from)
      if (!exists) logger.info(`would create ${options.targetPath} with ${volume.info.scales.length} scales`)
      const planned = await plan(from, volume, mip, box)
      if (planned === undefined) return
      const { region, origin, size } = planned
      logger.info(
        `would copy ${formatBox(region)} of mip ${mip} to ${options.targetPath} in ${countPieces(region, origin, size)} pieces of up to ${formatFlag(size)}`,
      )
    },
  }
}

/** A volume of whatever format. @throws volume-missing */
async function findSource(
  path: string,
  format: VolumeFormat,
  volumes: ServiceFamily<VolumeFormat>,
  logger: Logger,
): Promise<Volume> {
  const own = await format.open(path)
  if (own !== null) return own
  for await (const other of eachService(volumes, logger)) {
    const found = (await other.matches(path)) ? await other.open(path) : null
    if (found !== null) return found
  }
  throw chunkflowError('volume-missing', `There is no volume to copy at ${path}`, {
    where: path,
    fix: 'check --source-volume',
  })
}

function scaleAt({ description }: Volume, mip: number, path: string): VolumeScale {
  const scale = description.scales.find((candidate) => candidate.mip === mip)
  if (scale !== undefined) return scale
  throw chunkflowError('volume-mip-missing', `The volume has no mip ${mip}`, {
    where: path,
    fix: `its mips are ${description.scales.map((candidate) => candidate.mip).join(', ')}`,
  })
}

function refuseOther({ description: from }: Volume, { description: to }: Volume): void {
  if (from.channels === to.channels && from.dtype === to.dtype) return
  throw chunkflowError(
    'volume-mismatch',
    `A volume of ${from.channels} channels of ${from.dtype} cannot be copied into one of ${to.channels} channels of ${to.dtype}`,
    {
      where: to.url,
      fix: 'choose another --target-volume; load-precomputed and save-precomputed convert voxels',
    },
  )
}

async function writeProvenance(
  store: Store,
  { sourcePath, targetPath, encoding }: CopyOptions,
): Promise<void> {
  const storage = await store.open(targetPath)
  if ((await storage.size('provenance')) !== null) return
  const method = { task: 'transfer volume', source: store.normalize(sourcePath), encoding }
  const text = JSON.stringify(
    {
      description: '',
      owners: [],
      sources: [store.normalize(sourcePath)],
      processing: [{ by: 'chunkflow', method }],
    },
    null,
    1,
  )
  await storage.write('provenance', new TextEncoder().encode(text), {
    contentType: 'application/json',
    cacheControl: 'no-cache',
  })
}
