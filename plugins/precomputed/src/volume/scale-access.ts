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
  productZyx,
  type ServicesOf,
  type Storage,
} from '@chunkflow/sdk'
import { type BlockStore, openBlockStore } from './block-store.js'
import { type ScaleInfo, scaleOf, type VolumeInfo } from './info.js'

export type EncodingFamily = ServicesOf<{ encodings: typeof ENCODINGS }>['encodings']

/** A scale with what is needed to read and write its blocks. */
export interface ScaleAccess {
  readonly info: VolumeInfo
  readonly scale: ScaleInfo
  readonly blocks: BlockStore
  readonly encoding: Encoding
  readonly cache: BlockCache
}

/** Software that reads encodings which exist in the field but not here. */
const READ_ELSEWHERE: Readonly<Record<string, string>> = {
  compresso: 'CloudVolume',
  crackle: 'CloudVolume',
  fpzip: 'CloudVolume',
  jpeg: 'Neuroglancer or CloudVolume',
  jxl: 'Neuroglancer or CloudVolume',
  kempressed: 'CloudVolume',
  npz: 'CloudVolume',
  npz_uint8: 'CloudVolume',
  png: 'Neuroglancer or CloudVolume',
  zfpc: 'CloudVolume',
}

/** True for encodings that exist in the field, whether or not a plugin has them. */
export const isReadElsewhere = (name: string): boolean => Object.hasOwn(READ_ELSEWHERE, name)

/** @throws volume-mip-missing, encoding-unknown (also for sharded scales), encoding-refused */
export async function openScale(
  storage: Storage,
  info: VolumeInfo,
  mip: number,
  {
    encodings,
    cache,
    gzipLevel,
  }: { encodings: EncodingFamily; cache: BlockCache; gzipLevel?: number | undefined },
): Promise<ScaleAccess> {
  const scale = scaleOf(info, mip, storage.root)
  if (scale.sharded)
    throw chunkflowError(
      'encoding-unknown',
      `Mip ${mip} of the volume is sharded; only one file per block is read`,
      {
        where: storage.root,
        fix: 'copy it to an unsharded volume with CloudVolume or igneous',
      },
    )
  const encoding = await findEncoding(encodings, scale.encoding, storage.root)
  const refusal = encoding.refuses(blockShape(info, scale, boxFromSize(scale.box.start, scale.blockSize)))
  if (refusal !== undefined)
    throw chunkflowError(
      'encoding-refused',
      `Encoding ${scale.encoding} cannot hold this volume: ${refusal}`,
      {
        where: storage.root,
        fix: 'the info file contradicts itself; create it again with another --encoding',
      },
    )
  return { info, scale, encoding, cache, blocks: openBlockStore(storage, scale, { gzipLevel }) }
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

/** What an encoding is told about a block. */
export const blockShape = (info: VolumeInfo, scale: ScaleInfo, block: BoundingBox): BlockShape => ({
  dtype: info.dtype,
  shapeCzyx: [info.channels, ...boxSize(block)],
  settings: scale.json,
})

/** Bytes of the voxels of a whole block. */
export const bytesPerBlock = ({ info, scale }: ScaleAccess): number =>
  info.channels * productZyx(scale.blockSize) * bytesPerElement(info.dtype)
