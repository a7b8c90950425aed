import {
  boxFromSize,
  boxSize,
  bytesPerElement,
  ceilDivideZyx,
  chunkflowError,
  type Dtype,
  floorDivideZyx,
  isDtype,
  multiplyZyx,
  type NewVolume,
  productZyx,
  reverseZyx,
  type Sharding,
  type VolumeScale,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { DENSE_ENCODINGS } from './compression.js'
import { leastCommonMultiple } from './least-common-multiple.js'
import { chooseSharding, parseSharding, printSharding, shardSize } from './sharded/sharding.js'

type Json = Readonly<Record<string, unknown>>

/** A scale as its `info` describes it; triples are z y x. */
export interface ScaleInfo extends VolumeScale {
  /** Folder of its blocks. */
  readonly key: string
  readonly encoding: string
  /** Null: one file a block. */
  readonly sharding: Sharding | null
  /** All block sizes: the data are stored once for each. The first one is `blockSize`. */
  readonly blockSizes: readonly Zyx[]
  /** The scale's entry in the info file, with the settings of its encoding. */
  readonly json: Json
}

/** The contents of an `info` file. `json` keeps what is not understood here. */
export interface VolumeInfo {
  readonly channels: number
  readonly dtype: Dtype
  readonly layerType: 'image' | 'segmentation'
  readonly scales: readonly ScaleInfo[]
  readonly json: Json
}

/** Side of the compressed_segmentation blocks in volumes made here. */
const SEGMENTATION_BLOCK = 8

/**
 * Reads an `info` file: Neuroglancer's multiscale volume format, with CloudVolume's latitude (`@type` and `voxel_offset` may be
 * missing, int64, float16 and float64 are element types). Fields are x y z in the file.
 * https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/volume.md
 * @throws volume-info-invalid naming the field
 */
export function parseInfo(text: string, where: string): VolumeInfo {
  const refuse = (what: string): never => {
    throw chunkflowError('volume-info-invalid', `The info file ${what}`, {
      where,
      fix: 'check that the path is a precomputed volume (not a mesh or skeleton folder)',
    })
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return refuse('is not JSON')
  }
  if (!isRecord(json)) return refuse('is not a JSON object')
  const type = json['@type']
  if (type !== undefined && type !== 'neuroglancer_multiscale_volume')
    refuse(`describes ${JSON.stringify(type)}, not a volume`)
  const channels = json.num_channels
  if (!isCount(channels)) return refuse(`has num_channels ${JSON.stringify(channels)}`)
  const dtype = typeof json.data_type === 'string' ? json.data_type.toLowerCase() : json.data_type
  if (!isDtype(dtype) || dtype === 'bool') return refuse(`has data_type ${JSON.stringify(json.data_type)}`)
  const layerType = json.type
  if (layerType !== 'image' && layerType !== 'segmentation')
    return refuse(`has type ${JSON.stringify(layerType)}, neither image nor segmentation`)
  if (!Array.isArray(json.scales) || json.scales.length === 0) return refuse('has no scales')
  const scales = json.scales.map((scale: unknown, mip) => parseScale(scale, mip, refuse))
  return Object.freeze({ channels, dtype, layerType, scales: Object.freeze(scales), json })
}

function parseScale(json: unknown, mip: number, refuse: (what: string) => never): ScaleInfo {
  const name = `scales[${mip}]`
  if (!isRecord(json)) return refuse(`has ${name} that is not an object`)
  const triple = (value: unknown, field: string, accepts: (part: unknown) => boolean): Zyx => {
    if (!Array.isArray(value) || value.length !== 3 || !value.every(accepts))
      return refuse(`has ${name}.${field} ${JSON.stringify(value)}`)
    return reverseZyx(value as unknown as Zyx)
  }
  if (typeof json.key !== 'string' || json.key === '') return refuse(`has ${name} without a key`)
  if (typeof json.encoding !== 'string') return refuse(`has ${name} without an encoding`)
  const sizes =
    Array.isArray(json.chunk_sizes) && json.chunk_sizes.length > 0 ? json.chunk_sizes : [undefined]
  const blockSizes = sizes.map((size, index) => triple(size, `chunk_sizes[${index}]`, isCount))
  const offset = triple(json.voxel_offset ?? [0, 0, 0], 'voxel_offset', Number.isSafeInteger)
  const box = boxFromSize(
    offset,
    triple(json.size, 'size', (part) => Number.isSafeInteger(part) && Number(part) >= 0),
  )
  const sharding = parseShardingOf(json, name, refuse)
  if (sharding !== null && blockSizes.length > 1)
    return refuse(`has ${name} with shards of ${blockSizes.length} block sizes`)
  const [blockSize] = blockSizes
  return Object.freeze({
    mip,
    key: json.key.replace(/\/+$/, ''),
    encoding: json.encoding,
    sharding,
    blockSize: blockSize!,
    blockSizes,
    writeSize: sharding === null ? blockSizes.reduce(commonSize) : shardSize(sharding, box, blockSize!),
    voxelSizeNm: triple(json.resolution, 'resolution', (part) => Number.isFinite(part) && Number(part) > 0),
    box,
    json,
  })
}

function parseShardingOf(json: Json, name: string, refuse: (what: string) => never): Sharding | null {
  if (json.sharding === undefined || json.sharding === null) return null
  if (!isRecord(json.sharding)) return refuse(`has ${name}.sharding that is not an object`)
  return parseSharding(json.sharding, (field, value) =>
    refuse(`has ${name}.sharding.${field} ${JSON.stringify(value)}`),
  )
}

/** The smallest size that both sizes divide. */
const commonSize = (left: Zyx, right: Zyx): Zyx =>
  zyx(
    leastCommonMultiple(left[0], right[0]),
    leastCommonMultiple(left[1], right[1]),
    leastCommonMultiple(left[2], right[2]),
  )

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

/**
 * A new volume's info. Scale m has resolution r × factor^m, offset floor(o / factor^m) and size ceil(s / factor^m), as
 * CloudVolume's `create_new_info` makes them. Segmentations name a folder for meshes.
 */
export function newInfo(volume: NewVolume): VolumeInfo {
  const scales = Array.from({ length: volume.maximumMip + 1 }, (_, mip) => {
    const factor = volume.factor.map((value) => value ** mip) as unknown as Zyx
    const size = ceilDivideZyx(boxSize(volume.box), factor)
    return printScale({
      encoding: volume.encoding,
      blockSize: volume.blockSize,
      voxelSizeNm: multiplyZyx(volume.voxelSizeNm, factor),
      offset: floorDivideZyx(volume.box.start, factor),
      size,
      settings: volume.encodingSettings ?? {},
      sharding: volume.sharding === 'auto' ? shardingFor(volume, size) : volume.sharding,
    })
  })
  const json = {
    '@type': 'neuroglancer_multiscale_volume',
    type: volume.layerType,
    data_type: volume.dtype === 'bool' ? 'uint8' : volume.dtype,
    num_channels: volume.channels,
    scales,
    ...(volume.layerType === 'segmentation' ? { mesh: 'mesh' } : {}),
  }
  return parseInfo(JSON.stringify(json), 'new volume')
}

const shardingFor = (volume: NewVolume, size: Zyx): Sharding =>
  chooseSharding(
    ceilDivideZyx(size, volume.blockSize),
    volume.channels * productZyx(volume.blockSize) * bytesPerElement(volume.dtype),
    DENSE_ENCODINGS.has(volume.encoding),
  )

/**
 * The info with one more scale, coarser than the last one by a factor; block size, encoding and its settings are the last
 * scale's. The added scale is not sharded.
 */
export function addScale(info: VolumeInfo, factor: Zyx, where: string): VolumeInfo {
  const last = info.scales.at(-1)!
  const scale = printScale({
    encoding: last.encoding,
    blockSize: last.blockSize,
    voxelSizeNm: multiplyZyx(last.voxelSizeNm, factor),
    offset: floorDivideZyx(last.box.start, factor),
    size: ceilDivideZyx(boxSize(last.box), factor),
    settings: last.json,
    sharding: undefined,
  })
  return parseInfo(
    JSON.stringify({ ...info.json, scales: [...info.scales.map(({ json }) => json), scale] }),
    where,
  )
}

/** Fields of a scale that belong to its place in the pyramid, not to its encoding. */
const PLACING = new Set([
  'key',
  'size',
  'resolution',
  'voxel_offset',
  'chunk_sizes',
  'encoding',
  'sharding',
  'hidden',
])

function printScale(scale: {
  encoding: string
  blockSize: Zyx
  voxelSizeNm: Zyx
  offset: Zyx
  size: Zyx
  settings: Json
  sharding: Sharding | undefined
}): Json {
  const resolution = reverseZyx(scale.voxelSizeNm)
  const block = [SEGMENTATION_BLOCK, SEGMENTATION_BLOCK, SEGMENTATION_BLOCK]
  return {
    key: resolution.join('_'),
    size: reverseZyx(scale.size),
    resolution,
    voxel_offset: reverseZyx(scale.offset),
    chunk_sizes: [reverseZyx(scale.blockSize)],
    encoding: scale.encoding,
    ...(scale.encoding === 'compressed_segmentation' ? { compressed_segmentation_block_size: block } : {}),
    ...Object.fromEntries(Object.entries(scale.settings).filter(([name]) => !PLACING.has(name))),
    ...(scale.sharding === undefined ? {} : { sharding: printSharding(scale.sharding) }),
  }
}

/** The text of the file. */
export const printInfo = (info: VolumeInfo): string => JSON.stringify(info.json, null, 1)

/** @throws volume-mip-missing */
export function scaleOf(info: VolumeInfo, mip: number, where: string): ScaleInfo {
  const scale = info.scales[mip]
  if (scale !== undefined) return scale
  throw chunkflowError(
    'volume-mip-missing',
    `The volume has no mip ${mip}: its last one is ${info.scales.length - 1}`,
    {
      where,
      fix: 'choose another --mip, or make coarser scales with downsample-upload',
    },
  )
}
