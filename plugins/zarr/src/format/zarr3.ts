import { DTYPES, type Dtype, isDtype } from '@chunkflow/sdk'
import { parseCodecs } from './codecs.js'
import { parseFill } from './fill-value.js'
import type { ArrayLayout, ShardLayout } from './layout.js'
import {
  axisNames,
  isRecord,
  type Json,
  type Refuse,
  refuseMetadata,
  sizes,
  unsupported,
} from './metadata.js'

/**
 * The metadata of a Zarr 3 array.
 * @param json of `zarr.json`, `text` is what it was parsed from
 * @throws zarr-metadata-invalid, zarr-unsupported
 */
export function parseZarr3(json: Json, text: string, where: string): ArrayLayout {
  const refuse = refuseMetadata(where)
  if (json.zarr_format !== 3) throw refuse(`zarr_format ${JSON.stringify(json.zarr_format)}`)
  const shape = sizes(json.shape, 'shape', 0, refuse)
  const dtype = parseDtype(json.data_type, where)
  const { bytes } = DTYPES[dtype]
  const grid = named(json.chunk_grid)
  if (grid?.name !== 'regular')
    throw unsupported(
      `Chunks on a grid of the kind ${JSON.stringify(grid?.name)} cannot be read here`,
      where,
      'regular grids are read',
    )
  const stored = sizes(grid.configuration.chunk_shape, 'chunk_shape', 1, refuse)
  const { codecs: outer, sharding } = parseCodecs(json.codecs, bytes, where, refuse)
  const inner = sharding === null ? null : parseShards(sharding, stored, bytes, where, refuse)
  const chunkShape = inner?.chunkShape ?? stored
  if (stored.length !== shape.length || chunkShape.length !== shape.length)
    throw refuse(`${shape.length} axes and chunks of ${chunkShape.length}`)
  const attributes = isRecord(json.attributes) ? json.attributes : {}
  refuseExtensions(json, where)
  return {
    format: 'zarr3',
    shape,
    chunkShape,
    dtype,
    fill: parseFill(json.fill_value, text, dtype, refuse),
    saysFill: json.fill_value !== null && json.fill_value !== undefined,
    codecs: inner?.codecs ?? outer,
    keyOf: keyEncoder(json.chunk_key_encoding, where),
    shards: inner?.shards ?? null,
    attributes,
    axisNames:
      axisNames(json.dimension_names, shape.length) ?? axisNames(attributes._ARRAY_DIMENSIONS, shape.length),
    readOnly: undefined,
  }
}

function parseShards(
  json: Json,
  shardShape: readonly number[],
  bytes: number,
  where: string,
  refuse: Refuse,
) {
  const chunkShape = sizes(json.chunk_shape, 'chunk_shape', 1, refuse)
  const chunksPerShard = shardShape.map((size, axis) => size / (chunkShape[axis] ?? Number.NaN))
  if (!chunksPerShard.every(Number.isSafeInteger))
    throw refuse(`shards of ${shardShape.join(' ')} with chunks of ${chunkShape.join(' ')}`)
  const { codecs, sharding } = parseCodecs(json.codecs, bytes, where, refuse)
  if (sharding !== null)
    throw unsupported(
      'Shards within shards cannot be read here',
      where,
      'write the array with one level of shards',
    )
  const { codecs: indexCodecs } = parseCodecs(json.index_codecs, 8, where, refuse)
  const names = indexCodecs.map(({ name }) => name).join()
  const isBigEndian = indexCodecs[0]?.configuration?.endian === 'big'
  if ((names !== 'bytes' && names !== 'bytes,crc32c') || isBigEndian)
    throw unsupported(
      `An index of shards is encoded with ${names}${isBigEndian ? ', big-endian' : ''}`,
      where,
      'write it with the codecs bytes (little-endian) and crc32c',
    )
  const shards: ShardLayout = {
    chunksPerShard,
    hasChecksum: indexCodecs.length > 1,
    indexAtEnd: json.index_location !== 'start',
  }
  return { chunkShape, codecs, shards }
}

/** A name, alone or with settings. */
function named(value: unknown): { name: unknown; configuration: Json } | undefined {
  if (typeof value === 'string') return { name: value, configuration: {} }
  if (!isRecord(value)) return undefined
  return { name: value.name, configuration: isRecord(value.configuration) ? value.configuration : {} }
}

function keyEncoder(value: unknown, where: string): (index: readonly number[]) => string {
  const encoding = named(value)
  const separator = (fallback: string): string =>
    typeof encoding?.configuration.separator === 'string' ? encoding.configuration.separator : fallback
  if (encoding?.name === 'default') {
    const between = separator('/')
    return (index) => ['c', ...index].join(between)
  }
  if (encoding?.name === 'v2') {
    const between = separator('.')
    return (index) => index.join(between)
  }
  throw unsupported(
    `Chunks named by ${JSON.stringify(encoding?.name)} cannot be found here`,
    where,
    'the encodings default and v2 are known',
  )
}

function parseDtype(value: unknown, where: string): Dtype {
  if (isDtype(value)) return value
  throw unsupported(
    `Elements of the type ${JSON.stringify(isRecord(value) ? value.name : value)} cannot be read here`,
    where,
    'bool, integers of 8 to 64 bits and floats of 16 to 64 bits are read',
  )
}

/** Who does not know an extension must not read on, unless it says otherwise. */
function refuseExtensions(json: Json, where: string): void {
  const transformers = json.storage_transformers
  if (Array.isArray(transformers) && transformers.length > 0)
    throw unsupported('An array uses storage transformers', where, 'write it without them')
}
