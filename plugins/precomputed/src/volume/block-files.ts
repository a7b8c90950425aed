import type { Storage, WriteOptions } from '@chunkflow/sdk'
import type { BlockStore, PackedBlock } from './block-store.js'
import { type Block, blockIndex, blockName } from './blocks.js'
import { COMPRESSIONS, type Compression, compress, decompress } from './compression.js'
import type { ScaleInfo } from './info.js'

/** Storages that keep no content encoding beside an object: there the name tells, as CloudVolume does for files. */
const NAMED_COMPRESSION = /^(file|mem):/
/** A web server may show such a folder. */
const MAY_SHOW_FOLDER = /^https?:/

const ENCODING_OF_SUFFIX: Readonly<Record<string, string | undefined>> = Object.fromEntries(
  Object.values(COMPRESSIONS).map(({ suffix, contentEncoding }) => [suffix, contentEncoding]),
)

/** Spellings of a block's name; the first one is written. */
function suffixesFor(root: string, method: Compression['method']): readonly string[] {
  const all = Object.values(COMPRESSIONS).map(({ suffix }) => suffix)
  if (NAMED_COMPRESSION.test(root)) {
    const { suffix } = COMPRESSIONS[method]
    return [suffix, ...all.filter((other) => other !== suffix)]
  }
  return MAY_SHOW_FOLDER.test(root) ? ['', '.gz'] : ['']
}

/** Folders with more blocks are not listed: deleting what is not there costs less. */
const LONGEST_LISTING = 20_000

/** Objects of a scale that end in another of the suffixes than the first; undefined when there are too many to look at. */
async function listOthers(
  storage: Storage,
  scaleKey: string,
  [written, ...others]: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  const found = new Set<string>()
  if (others.length === 0) return found
  let seen = 0
  for await (const key of storage.list(`${scaleKey}/`)) {
    if (++seen > LONGEST_LISTING) return undefined
    const isWritten = written === '' ? !others.some((suffix) => key.endsWith(suffix)) : key.endsWith(written!)
    if (!isWritten) found.add(key)
  }
  return found
}

/**
 * One object per block, `<scale>/<x0>-<x1>_<y0>-<y1>_<z0>-<z1>`. Compressed blocks have a content encoding; in folders the
 * name ends in `.gz`, `.br` or `.zstd` instead. Folders are read with all these names, web servers with plain and `.gz` ones.
 */
export function openBlockFiles(
  storage: Storage,
  scale: Pick<ScaleInfo, 'key'>,
  compression: Compression,
): BlockStore {
  const keyOf = ({ box }: Block): string => `${scale.key}/${blockName(box)}`
  const suffixes = suffixesFor(storage.root, compression.method)
  const { contentEncoding } = COMPRESSIONS[compression.method]
  const isNamed = NAMED_COMPRESSION.test(storage.root)
  const where = (block: Block): string => `${storage.root}/${keyOf(block)}`

  let spellings: Promise<ReadonlySet<string> | undefined> | undefined
  /** Blocks with other endings than are written here, found out once: mostly there are none to delete. */
  const otherSpellings = () => (spellings ??= listOthers(storage, scale.key, suffixes))

  const find = async (block: Block, signal: AbortSignal | undefined) => {
    for (const suffix of suffixes) {
      const object = await storage.read(keyOf(block) + suffix, signal === undefined ? {} : { signal })
      if (object !== null) return { ...object, suffix }
    }
    return null
  }
  type Found = NonNullable<Awaited<ReturnType<typeof find>>>
  const undo = (found: Found, block: Block, expectedBytes: number): Promise<Uint8Array> =>
    decompress(
      found.bytes,
      ENCODING_OF_SUFFIX[found.suffix] ?? found.contentEncoding,
      expectedBytes,
      where(block) + found.suffix,
    )

  /** The condition that the object to be written is as it was found. */
  function unchanged(found: Found | null): Pick<WriteOptions, 'ifAbsent' | 'ifVersion'> {
    if (found?.suffix !== suffixes[0]) return { ifAbsent: true }
    return found?.version === undefined ? {} : { ifVersion: found.version }
  }
  async function put([only]: readonly PackedBlock[], condition: WriteOptions): Promise<void> {
    const { block, bytes } = only!
    const key = keyOf(block)
    if (bytes === null) {
      for (const suffix of suffixes) await storage.delete(key + suffix)
      return
    }
    const present = await otherSpellings()
    await storage.write(key + suffixes[0], bytes, {
      contentType: 'application/octet-stream',
      ...(contentEncoding !== undefined && !isNamed ? { contentEncoding } : {}),
      ...condition,
    })
    // an older spelling of the same block would be read by others
    for (const other of suffixes.slice(1))
      if (present === undefined || present.has(key + other)) await storage.delete(key + other)
  }

  return {
    where,
    async read(block, { expectedBytes, signal }) {
      const found = await find(block, signal)
      return found === null ? null : undo(found, block, expectedBytes)
    },
    pack: (bytes) => compress(bytes, compression),
    *group(blocks) {
      for (const block of blocks) yield [block]
    },
    async load([only], signal) {
      const found = await find(only!, signal)
      return {
        replace: (group) => put(group, unchanged(found)),
        packed: () => found?.bytes ?? null,
        read: async (block, expectedBytes) => (found === null ? null : undo(found, block, expectedBytes)),
      }
    },
    put: (group) => put(group, {}),
    async exists(block) {
      for (const suffix of suffixes) if ((await storage.size(keyOf(block) + suffix)) !== null) return true
      return false
    },
    async *list(grid, signal) {
      for await (const key of storage.list(`${scale.key}/`, { signal })) {
        const name = key.slice(scale.key.length + 1)
        const suffix = suffixes.find((ending) => ending !== '' && name.endsWith(ending)) ?? ''
        const index = blockIndex(grid, name.slice(0, name.length - suffix.length))
        if (index !== null) yield index
      }
    },
  }
}
