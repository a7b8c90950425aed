import {
  type BlockCache,
  type BlockShape,
  type BoundingBox,
  boxFromSize,
  boxSize,
  bytesPerElement,
  chunkflowError,
  type ENCODINGS,
  type Encoding,
  intersectBoxes,
  productZyx,
  type ServicesOf,
  type Storage,
  type Zyx,
} from '@chunkflow/sdk'
import { openBlockFiles } from './block-files.js'
import type { BlockStore } from './block-store.js'
import { alignedBox } from './blocks.js'
import { type Compression, DENSE_ENCODINGS } from './compression.js'
import { type ScaleInfo, scaleOf, type VolumeInfo } from './info.js'
import { openShardStore } from './sharded/shard-store.js'

export type EncodingFamily = ServicesOf<{ encodings: typeof ENCODINGS }>['encodings']

/** The data of a scale in blocks of one size. */
export interface Layout {
  readonly box: BoundingBox
  readonly blockSize: Zyx
  readonly blocks: BlockStore
}

/** A scale with what is needed to read and write its blocks. */
export interface ScaleAccess {
  readonly info: VolumeInfo
  readonly scale: ScaleInfo
  /** One for each block size; all hold the same voxels. */
  readonly layouts: readonly Layout[]
  readonly encoding: Encoding
  readonly cache: BlockCache
}

/** How blocks are compressed; what is left out follows from the scale. */
export type CompressionChoice = Partial<Compression>

/** Software that reads encodings which exist in the field but not here. */
const READ_ELSEWHERE: Readonly<Record<string, string>> = {
  crackle: 'CloudVolume',
  fpzip: 'CloudVolume',
  jxl: 'Neuroglancer or CloudVolume',
  kempressed: 'CloudVolume',
  npz: 'CloudVolume',
  npz_uint8: 'CloudVolume',
  zfpc: 'CloudVolume',
}

/** True for encodings that exist in the field, whether or not a plugin has them. */
export const isReadElsewhere = (name: string): boolean => Object.hasOwn(READ_ELSEWHERE, name)

/** @throws volume-mip-missing, encoding-unknown (also for sharded scales), encoding-refused */
export async function openScale(
  storage: Storage,
  info: VolumeInfo,
  mip: number,
  services: { encodings: EncodingFamily; cache: BlockCache; compression?: CompressionChoice | undefined },
): Promise<ScaleAccess> {
  const { encodings, cache, compression } = services
  const scale = scaleOf(info, mip, storage.root)
  const encoding = await findEncoding(encodings, scale.encoding, storage.root)
  for (const blockSize of scale.blockSizes) {
    const refusal = encoding.refuses(blockShape(info, scale, boxFromSize(scale.box.start, blockSize)))
    if (refusal === undefined) continue
    throw chunkflowError(
      'encoding-refused',
      `Encoding ${scale.encoding} cannot hold this volume: ${refusal}`,
      {
        where: storage.root,
        fix: 'the info file contradicts itself; create it again with another --encoding',
      },
    )
  }
  const layouts = scale.blockSizes.map((blockSize) => ({
    box: scale.box,
    blockSize,
    blocks: openBlocks(storage, scale, { cache, compression }),
  }))
  return { info, scale, encoding, cache, layouts }
}

function openBlocks(
  storage: Storage,
  scale: ScaleInfo,
  { cache, compression }: { cache: BlockCache; compression: CompressionChoice | undefined },
): BlockStore {
  const { method, level } = compression ?? {}
  const { sharding } = scale
  if (sharding === null) return openBlockFiles(storage, scale, compressionFor(scale, compression))
  const own = sharding.dataEncoding === 'raw' ? 'none' : sharding.dataEncoding
  if (method !== undefined && method !== own)
    throw chunkflowError(
      'encoding-refused',
      `The shards of mip ${scale.mip} hold blocks compressed as ${own}, not ${method}`,
      {
        where: storage.root,
        fix: 'leave the compression to the info file, or create the volume with another',
      },
    )
  return openShardStore(storage, scale, sharding, { cache, level })
}

/** gzip, unless the encoding has compressed the voxels already. */
function compressionFor({ encoding }: ScaleInfo, choice: CompressionChoice = {}): Compression {
  const { method, level } = choice
  if (method !== undefined) return { method, level }
  return DENSE_ENCODINGS.has(encoding) || level === 0 ? { method: 'none' } : { method: 'gzip', level }
}

/** The layout of which the fewest voxels are read for a region. */
export function layoutFor({ scale, layouts }: ScaleAccess, region: BoundingBox): Layout {
  const inside = intersectBoxes(scale.box, region)
  if (inside === null) return layouts[0]!
  const voxels = (layout: Layout): number => productZyx(boxSize(alignedBox(layout, inside)))
  return layouts.reduce((best, layout) => (voxels(layout) < voxels(best) ? layout : best))
}

/** @throws encoding-unknown, naming what reads it or what there is */
export async function findEncoding(
  encodings: EncodingFamily,
  name: string,
  where: string,
): Promise<Encoding> {
  if (encodings.has(name)) return encodings.get(name)
  const elsewhere = READ_ELSEWHERE[name]
  throw chunkflowError('encoding-unknown', `No installed plugin reads or writes blocks encoded as ${name}`, {
    where,
    fix: `${elsewhere === undefined ? '' : `${elsewhere} reads it; `}encodings here: ${[...encodings.keys()].sort().join(', ')}`,
  })
}

/** Why blocks cannot be written, by encodings that only read as well; undefined when they can. */
export const refusesToWrite = (encoding: Encoding, block: BlockShape): string | undefined =>
  encoding.readOnly === true ? 'its blocks are read, not written' : encoding.refuses(block)

/** What an encoding is told about a block. */
export const blockShape = (info: VolumeInfo, scale: ScaleInfo, block: BoundingBox): BlockShape => ({
  dtype: info.dtype,
  shapeCzyx: [info.channels, ...boxSize(block)],
  settings: scale.json,
})

/** Bytes of the voxels of a whole block. */
export const bytesPerBlock = ({ channels, dtype }: VolumeInfo, { blockSize }: Layout): number =>
  channels * productZyx(blockSize) * bytesPerElement(dtype)
