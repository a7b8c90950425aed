import type { BoundingBox, Storage } from '@chunkflow/sdk'
import { blockName } from './blocks.js'
import { compressGzip, decompress } from './compression.js'
import type { ScaleInfo } from './info.js'

/** Where the encoded blocks of one scale lie. */
export interface BlockStore {
  /** The encoded block, decompressed; null when it is not stored. */
  read(
    block: BoundingBox,
    options: { expectedBytes: number; signal?: AbortSignal | undefined },
  ): Promise<Uint8Array | null>
  write(block: BoundingBox, bytes: Uint8Array): Promise<void>
  delete(block: BoundingBox): Promise<void>
  exists(block: BoundingBox): Promise<boolean>
  /** For messages. */
  where(block: BoundingBox): string
}

/** Encodings whose bytes gzip cannot shrink. */
const DENSE_ENCODINGS = new Set(['jpeg', 'jxl', 'png'])

/** Storages that keep no content encoding beside an object: there the name tells, as CloudVolume does for files. */
const NAMED_COMPRESSION = /^(file|mem):/
/** A web server may show such a folder. */
const MAY_SHOW_FOLDER = /^https?:/

/**
 * One object per block, `<scale>/<x0>-<x1>_<y0>-<y1>_<z0>-<z1>`. Compressed blocks have the content encoding gzip; in folders
 * they are called `NAME.gz` instead. Folders are read with plain, `.gz` and `.br` names, web servers with plain and `.gz` ones.
 */
export function openBlockStore(
  storage: Storage,
  scale: ScaleInfo,
  { gzipLevel }: { gzipLevel?: number | undefined } = {},
): BlockStore {
  const named = NAMED_COMPRESSION.test(storage.root)
  const compresses = !DENSE_ENCODINGS.has(scale.encoding) && gzipLevel !== 0
  const keyOf = (block: BoundingBox): string => `${scale.key}/${blockName(block)}`
  const suffixes = suffixesFor(storage.root, compresses)
  const where = (block: BoundingBox): string => `${storage.root}/${keyOf(block)}`

  return {
    where,
    async read(block, { expectedBytes, signal }) {
      for (const suffix of suffixes) {
        const object = await storage.read(keyOf(block) + suffix, signal === undefined ? {} : { signal })
        if (object === null) continue
        const contentEncoding = suffix === '' ? object.contentEncoding : ENCODING_OF_SUFFIX[suffix]
        return decompress(object.bytes, contentEncoding, expectedBytes, where(block) + suffix)
      }
      return null
    },
    async write(block, bytes) {
      const body = compresses ? await compressGzip(bytes, gzipLevel) : bytes
      const contentEncoding = compresses && !named ? { contentEncoding: 'gzip' } : {}
      await storage.write(keyOf(block) + suffixes[0], body, {
        contentType: 'application/octet-stream',
        ...contentEncoding,
      })
      // an older spelling of the same block would be read by others
      for (const other of suffixes.slice(1)) await storage.delete(keyOf(block) + other)
    },
    async delete(block) {
      for (const suffix of suffixes) await storage.delete(keyOf(block) + suffix)
    },
    async exists(block) {
      for (const suffix of suffixes) if ((await storage.size(keyOf(block) + suffix)) !== null) return true
      return false
    },
  }
}

/** Spellings of a block's name; the first one is written. */
function suffixesFor(root: string, compresses: boolean): readonly string[] {
  if (NAMED_COMPRESSION.test(root)) return compresses ? ['.gz', '', '.br'] : ['', '.gz', '.br']
  return MAY_SHOW_FOLDER.test(root) ? ['', '.gz'] : ['']
}

const ENCODING_OF_SUFFIX: Readonly<Record<string, string>> = { '.gz': 'gzip', '.br': 'br' }
