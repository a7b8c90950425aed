import {
  type BlockCache,
  type BoundingBox,
  type Chunk,
  channelCount,
  chunkBox,
  chunkflowError,
  describeChunk,
  forEachParallel,
  type NewVolume,
  type Storage,
  type Store,
  type TypedArray,
  type Volume,
  type VolumeDescription,
  type VolumeFormat,
  type WriteReport,
  type WriteVolumeOptions,
} from '@chunkflow/sdk'
import { countOutside } from '@chunkflow/sdk/numerics'
import { type BlockCensus, type CensusOptions, takeCensus } from './block-census.js'
import { blocksIn, writableBox } from './blocks.js'
import { decompress } from './compression.js'
import { newInfo, parseInfo, printInfo, type VolumeInfo } from './info.js'
import { printProvenance } from './provenance.js'
import { readBox } from './read.js'
import { readBeside } from './read-beside.js'
import { type CompressionChoice, type EncodingFamily, openScale, type ScaleAccess } from './scale-access.js'
import { countBlocksToWrite, writeBox } from './write.js'

/** What every precomputed volume needs. */
export interface PrecomputedServices {
  readonly store: Store
  readonly encodings: EncodingFamily
  /** Decoded blocks and shard indices, for all operators of a run. */
  readonly cache: BlockCache
}

export interface PrecomputedWriteOptions extends WriteVolumeOptions {
  /** Refuse a chunk that reaches beyond the volume. */
  readonly strictBounds?: boolean
  /** How blocks are compressed; gzip unless the encoding or the sharding says otherwise. Level 0 stores them as they are. */
  readonly compression?: CompressionChoice | undefined
  /** Turns voxels of the chunk into the volume's element type, block by block; without it the types must be equal. */
  readonly convert?: ((voxels: TypedArray) => TypedArray) | undefined
}

/** What a write would do. */
export interface WritePlan {
  /** The part of the chunk inside the volume. */
  readonly box: BoundingBox
  readonly blocks: number
}

/** A volume with what this plugin's operators need beyond the contract. */
export interface PrecomputedVolume extends Volume {
  readonly info: VolumeInfo
  readonly storage: Storage
  write(chunk: Chunk, options: PrecomputedWriteOptions): Promise<WriteReport>
  /** Checks a write without doing it. @throws what `write` would throw before it writes */
  planWrite(chunk: Chunk, options: PrecomputedWriteOptions): Promise<WritePlan>
  /** Which blocks are stored, for each block size of the scale. */
  census(mip: number, options: CensusOptions): Promise<readonly BlockCensus[]>
  /** A JSON object beside the data; null when there is none. */
  readJson(key: string): Promise<unknown>
}

export interface PrecomputedFormat extends VolumeFormat {
  open(path: string): Promise<PrecomputedVolume | null>
  create(path: string, volume: NewVolume): Promise<PrecomputedVolume>
  /** A volume as another info would describe it; nothing is written. */
  over(storage: Storage, info: VolumeInfo): PrecomputedVolume
  /** Replaces the info of a volume, for instance by one with more scales. */
  replaceInfo(path: string, info: VolumeInfo): Promise<PrecomputedVolume>
}

const OTHER_FORMAT = /^(zarr\d?|n5|graphene|boss):\/\/|\|(zarr\d?|n5):/i
const THIS_FORMAT = /^precomputed:\/\/|\|(neuroglancer-)?precomputed:/i
const JSON_FILE = { contentType: 'application/json', cacheControl: 'no-cache' } as const

/** Neuroglancer precomputed volumes: an `info` file and one file per block. */
export function createPrecomputedFormat({ store, encodings, cache }: PrecomputedServices): PrecomputedFormat {
  const services = { encodings, cache }
  async function open(path: string): Promise<PrecomputedVolume | null> {
    if (OTHER_FORMAT.test(path)) return null
    const storage = await store.open(path)
    const text = await readText(storage, 'info')
    return text === null ? null : openVolume(storage, parseInfo(text, storage.root), services)
  }
  return {
    open,
    matches: async (path) => THIS_FORMAT.test(path) || (await open(path)) !== null,
    async create(path, volume) {
      refuseOtherFormat(path)
      const storage = await store.open(path)
      const info = newInfo(volume)
      await refuseImpossible(info, encodings, storage.root)
      // the info comes last: where it stands, the volume is complete
      if ((await storage.size('provenance')) === null)
        await storage.write('provenance', toBytes(printProvenance(volume)), JSON_FILE)
      await storage.write('info', toBytes(printInfo(info)), JSON_FILE)
      return openVolume(storage, info, services)
    },
    over: (storage, info) => openVolume(storage, info, services),
    async replaceInfo(path, info) {
      const storage = await store.open(path)
      await storage.write('info', toBytes(printInfo(info)), JSON_FILE)
      return openVolume(storage, info, services)
    },
  }
}

/** An encoding that nothing here can write may be written elsewhere; one that is known must hold the volume. */
async function refuseImpossible(info: VolumeInfo, encodings: EncodingFamily, where: string): Promise<void> {
  const [scale] = info.scales
  if (!encodings.has(scale!.encoding)) return
  const encoding = await encodings.get(scale!.encoding)
  const refusal = encoding.refuses({
    dtype: info.dtype,
    shapeCzyx: [info.channels, ...scale!.blockSize],
    settings: scale!.json,
  })
  if (refusal !== undefined)
    throw chunkflowError(
      'encoding-refused',
      `Encoding ${scale!.encoding} cannot hold this volume: ${refusal}`,
      {
        where,
        fix: 'choose another --encoding, or convert the chunk before',
      },
    )
}

function openVolume(
  storage: Storage,
  info: VolumeInfo,
  services: Omit<PrecomputedServices, 'store'>,
): PrecomputedVolume {
  const opened = new Map<string, Promise<ScaleAccess>>()
  const scaleAt = (mip: number, compression?: CompressionChoice): Promise<ScaleAccess> => {
    const name = `${mip}/${compression?.method}/${compression?.level}`
    const access = opened.get(name) ?? openScale(storage, info, mip, { ...services, compression })
    opened.set(name, access)
    return access
  }
  const check = (access: ScaleAccess, chunk: Chunk, options: PrecomputedWriteOptions): BoundingBox => {
    const where = `${storage.root}, mip ${options.mip}`
    refuseOtherChannels(chunk, info, where)
    if (chunk.dtype !== info.dtype && options.convert === undefined)
      throw chunkflowError(
        'volume-mismatch',
        `${describeChunk(chunk)} does not fit a volume of ${info.dtype}`,
        {
          where,
          fix: `convert it to ${info.dtype} first`,
        },
      )
    if (access.encoding.readOnly === true)
      throw chunkflowError(
        'encoding-refused',
        `Blocks encoded as ${access.scale.encoding} are read, not written`,
        { where, fix: 'copy the volume to another encoding with transfer, or create another one' },
      )
    const { strictBounds: strict = false, allowUnaligned = false } = options
    return writableBox(access.scale, chunkBox(chunk), { where, strict, allowUnaligned })
  }
  return {
    info,
    storage,
    description: describe(storage.root, info),
    read: async (options) => readBox(await scaleAt(options.mip), options),
    async planWrite(chunk, options) {
      const access = await scaleAt(options.mip, options.compression)
      const box = check(access, chunk, options)
      return { box, blocks: countBlocksToWrite(access, box) }
    },
    async write(chunk, options) {
      const access = await scaleAt(options.mip, options.compression)
      const box = check(access, chunk, options)
      const { written, deleted } = await writeBox(access, chunk, { ...options, box })
      return {
        box,
        blocksWritten: written,
        blocksDeleted: deleted,
        voxelsDropped: countOutside(chunk, box),
      }
    },
    async hasAllBlocks(box, mip) {
      const { scale, layouts } = await scaleAt(mip)
      const { blockSize } = scale
      const grid = { ...scale, writeSize: blockSize }
      const inside = writableBox(grid, box, { where: `${storage.root}, mip ${mip}` })
      let missing = false
      for (const layout of layouts)
        await forEachParallel(blocksIn(layout, inside), 16, undefined, async (block) => {
          if (!missing && !(await layout.blocks.exists(block))) missing = true
        })
      return !missing
    },
    async census(mip, options) {
      const censuses: BlockCensus[] = []
      for (const layout of (await scaleAt(mip)).layouts) censuses.push(await takeCensus(layout, options))
      return censuses
    },
    writeJson: (key, value) => storage.write(key, toBytes(JSON.stringify(value, printBigint)), JSON_FILE),
    readObject: (key, options) => readBeside(storage, key, options),
    async readJson(key) {
      const text = await readText(storage, key)
      return text === null ? null : JSON.parse(text)
    },
  }
}

function refuseOtherChannels(chunk: Chunk, info: VolumeInfo, where: string): void {
  if (channelCount(chunk) === info.channels) return
  throw chunkflowError(
    'volume-mismatch',
    `${describeChunk(chunk)} has ${channelCount(chunk)} channels, the volume ${info.channels}`,
    {
      where,
      fix: 'choose another volume, or reduce the channels (channel-voting, crop of channels, inference options)',
    },
  )
}

const describe = (url: string, info: VolumeInfo): VolumeDescription => ({
  url,
  channels: info.channels,
  dtype: info.dtype,
  layerType: info.layerType,
  scales: info.scales,
  ...(typeof info.json.mesh === 'string' && info.json.mesh !== ''
    ? { meshFolder: info.json.mesh.replace(/\/+$/, '') }
    : {}),
})

async function readText(storage: Storage, key: string): Promise<string | null> {
  const object = await storage.read(key)
  if (object === null) return null
  const bytes = await decompress(
    object.bytes,
    object.contentEncoding,
    object.bytes.length,
    `${storage.root}/${key}`,
  )
  return new TextDecoder().decode(bytes)
}

const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const printBigint = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value

/** @throws volume-format */
function refuseOtherFormat(path: string): void {
  const [, prefix, suffix] = OTHER_FORMAT.exec(path) ?? []
  const other = prefix ?? suffix
  if (other !== undefined)
    throw chunkflowError('volume-format', `${path} asks for ${other}, not for a precomputed volume`, {
      fix: /^(zarr|n5)/i.test(other)
        ? 'use load-zarr and save-zarr; transfer copies such arrays into precomputed volumes'
        : 'give the path of a precomputed volume',
    })
}

/** The volume at a path. @throws volume-missing, volume-format */
export async function requireVolume(format: PrecomputedFormat, path: string): Promise<PrecomputedVolume> {
  refuseOtherFormat(path)
  const volume = await format.open(path)
  if (volume !== null) return volume
  throw chunkflowError('volume-missing', `There is no volume at ${path}: it has no info file`, {
    where: path,
    fix: 'check the path, or make the volume with create-info',
  })
}
