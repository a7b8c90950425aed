import { DTYPES, type Dtype } from '@chunkflow/sdk'
import type { CodecDescription } from '../worker/pipeline.js'
import { isRecord, type Json, type Refuse, unsupported } from './metadata.js'

/** From bytes to bytes, by the names of numcodecs. */
const COMPRESSORS: ReadonlySet<string> = new Set(['blosc', 'zstd', 'lz4', 'gzip', 'zlib'])
const BLOSC_SHUFFLES = { noshuffle: 0, shuffle: 1, bitshuffle: 2 } as const

const rewrite =
  'rewrite the array with blosc, zstd, lz4, gzip or zlib: zarr.copy in Python, or save it again from what wrote it'

/** numcodecs in Python shuffles bits of bytes, and bytes of wider elements. */
const AUTOMATIC_SHUFFLE = -1

/** A compressor as Zarr 2 and N5 name it. @throws zarr-unsupported */
export function compressor({ id, ...configuration }: Json, dtype: Dtype, where: string): CodecDescription {
  if (typeof id !== 'string' || !COMPRESSORS.has(id))
    throw unsupported(`The compressor ${JSON.stringify(id)} cannot be read here`, where, rewrite)
  const { bitshuffle, shuffle } = BLOSC_SHUFFLES
  return {
    name: `numcodecs.${id}`,
    configuration:
      id === 'blosc' && configuration.shuffle === AUTOMATIC_SHUFFLE
        ? { ...configuration, shuffle: DTYPES[dtype].bytes === 1 ? bitshuffle : shuffle }
        : configuration,
  }
}

/** A filter of Zarr 2. @throws zarr-unsupported */
export function filter({ id, ...configuration }: Json, dtype: Dtype, where: string): CodecDescription {
  const refused = (why: string) =>
    unsupported(`The filter ${JSON.stringify(id)} cannot be read here${why}`, where, rewrite)
  if (id === 'shuffle') return { name: 'numcodecs.shuffle', configuration }
  if (id !== 'delta') throw refused('')
  // differences wrap around: whole numbers of one width are the same with and without a sign
  if (dtype.startsWith('float')) throw refused(` for ${dtype}`)
  if (configuration.astype !== undefined && configuration.astype !== configuration.dtype)
    throw refused(' when it changes the element type')
  return { name: 'numcodecs.delta', configuration }
}

interface ParsedCodecs {
  readonly codecs: readonly CodecDescription[]
  /** Only the outermost codec may be one. */
  readonly sharding: Json | null
}

/** A list of codecs of Zarr 3. @throws zarr-unsupported, zarr-metadata-invalid */
export function parseCodecs(value: unknown, dtypeBytes: number, where: string, refuse: Refuse): ParsedCodecs {
  if (!Array.isArray(value) || value.length === 0) throw refuse(`codecs ${JSON.stringify(value)}`)
  const listed = value.map((codec: unknown): CodecDescription & { configuration: Json } => {
    const named = typeof codec === 'string' ? { name: codec } : codec
    if (!isRecord(named) || typeof named.name !== 'string') throw refuse(`a codec ${JSON.stringify(codec)}`)
    return { name: named.name, configuration: isRecord(named.configuration) ? named.configuration : {} }
  })
  const sharded = listed.find(({ name }) => name === 'sharding_indexed')
  if (sharded !== undefined) {
    if (listed.length > 1)
      throw unsupported(
        `Shards are read alone, not together with ${listed
          .filter((codec) => codec !== sharded)
          .map(({ name }) => name)
          .join(', ')}`,
        where,
        'put those codecs into the shards: configuration.codecs of sharding_indexed',
      )
    return { codecs: [], sharding: sharded.configuration }
  }
  if (listed.filter(({ name }) => name === 'transpose').length > 1)
    throw unsupported('An array is transposed twice', where, 'write it with one transpose codec, or none')
  return { codecs: listed.map((codec) => known(codec, dtypeBytes, where)), sharding: null }
}

function known(
  codec: CodecDescription & { configuration: Json },
  dtypeBytes: number,
  where: string,
): CodecDescription {
  const { name, configuration } = codec
  const short = name.replace(/^numcodecs\./, '')
  if (name === 'transpose' || name === 'crc32c') return codec
  if (name === 'bytes')
    return dtypeBytes === 1 ? { name } : { name, configuration: { endian: 'little', ...configuration } }
  if (!COMPRESSORS.has(short)) throw unsupported(`The codec ${name} cannot be read here`, where, rewrite)
  if (short !== 'blosc') return { name: short, configuration }
  const { shuffle } = configuration
  return {
    name: short,
    configuration: {
      ...configuration,
      shuffle:
        typeof shuffle === 'string'
          ? (BLOSC_SHUFFLES[shuffle as keyof typeof BLOSC_SHUFFLES] ?? 0)
          : (shuffle ?? 0),
    },
  }
}
