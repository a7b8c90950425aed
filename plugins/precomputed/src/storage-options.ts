import { chunkflowError, flag, type NewVolume } from '@chunkflow/sdk'
import type { Compression } from './volume/compression.js'
import type { CompressionChoice } from './volume/scale-access.js'
import { parseSharding, SHARDING_TYPE } from './volume/sharded/sharding.js'

/** Flags of operators that create a volume: what an info file says of a scale besides its blocks. */
export const creationFlags = {
  encodingSettings: flag.text({
    summary: 'settings of that encoding as an info file has them, JSON: {"jpeg_quality": 90}',
  }),
  sharding: flag.text({
    default: 'none',
    summary:
      'none: one file a block; auto: blocks packed into shards by the size of each scale; or the JSON of an info file',
  }),
} as const

/** Flags of operators that write blocks. */
export const compressionFlags = {
  compression: flag.text({
    choices: ['gzip', 'br', 'zstd', 'none'],
    defaultText: 'gzip, none for jpeg and png, as the info says for shards',
    summary: 'how encoded blocks are compressed',
  }),
  compressionLevel: flag.integer({
    minimum: 0,
    maximum: 22,
    defaultText: 'gzip 6, br 5, zstd 3',
    summary: 'up to 9 for gzip, 11 for br, 22 for zstd; gzip 0 stores blocks as they are',
  }),
} as const

/** Further flags of operators that write blocks, or read them. */
export const allowUnalignedFlag = flag.boolean({
  summary:
    'change blocks that the chunk covers in part, instead of refusing it; chunks that share a block must not be written at once',
})
export const cacheFlag = flag.integer({
  default: 0,
  minimum: 0,
  summary: 'MiB of decoded blocks to keep for the next tasks and for other steps of the chain',
})

const BYTES_PER_MEBIBYTE = 2 ** 20
/** What `read` is told of {@link cacheFlag}. */
export const cacheBytes = (mebibytes: number): { readonly cacheBytes?: number } =>
  mebibytes === 0 ? {} : { cacheBytes: mebibytes * BYTES_PER_MEBIBYTE }

interface CreationOptions {
  readonly encodingSettings: string | undefined
  readonly sharding: string
}

/** How a volume that is created is stored. */
export interface Creation {
  readonly encodingSettings: NewVolume['encodingSettings']
  readonly sharding: NewVolume['sharding']
}

/** What {@link creationFlags} say. @throws flag-invalid */
export function creationOptions(options: CreationOptions): Creation {
  return {
    encodingSettings:
      options.encodingSettings === undefined
        ? undefined
        : parseObject('--encoding-settings', options.encodingSettings),
    sharding: shardingOf(options.sharding),
  }
}

function shardingOf(text: string): NewVolume['sharding'] {
  if (text === 'none') return undefined
  if (text === 'auto') return 'auto'
  const json = { '@type': SHARDING_TYPE, ...parseObject('--sharding', text) }
  return parseSharding(json, (field, value) => {
    throw chunkflowError('flag-invalid', `--sharding has ${field} ${JSON.stringify(value)}`, {
      fix: 'give auto, or hash, preshift_bits, minishard_bits, shard_bits as an info file has them',
    })
  })
}

function parseObject(name: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // told below, like other things that are no object
  }
  throw chunkflowError('flag-invalid', `${name} is no JSON object: ${text}`, {
    fix: `quote it for the shell: ${name} '{"key": 1}'`,
  })
}

const LARGEST_LEVELS: Readonly<Record<Compression['method'], number>> = { gzip: 9, br: 11, zstd: 22, none: 0 }

/** What {@link compressionFlags} say. @throws flag-invalid for a level the method does not have */
export function compressionChoice(options: {
  readonly compression: Compression['method'] | undefined
  readonly compressionLevel: number | undefined
}): CompressionChoice {
  const { compression: method, compressionLevel: level } = options
  if (level !== undefined && level > LARGEST_LEVELS[method ?? 'gzip'])
    throw chunkflowError(
      'flag-invalid',
      `--compression-level ${level} is beyond what ${method ?? 'gzip'} has`,
      {
        fix: `levels of gzip end at ${LARGEST_LEVELS.gzip}, of br at ${LARGEST_LEVELS.br}, of zstd at ${LARGEST_LEVELS.zstd}`,
      },
    )
  // gzip of level 0 would be a block and a header
  if (method === 'gzip' && level === 0) return { method: 'none' }
  return { ...(method === undefined ? {} : { method }), ...(level === undefined ? {} : { level }) }
}
