import { chunkflowError, forEachParallel } from '@chunkflow/sdk'
import type { MeshFolder } from './folder/mesh-folder.js'
import { fragmentsOverlap } from './fragments-overlap.js'

/** Ids that begin with some digits, or, when exact, are those digits. */
export interface NamePart {
  readonly digits: string
  readonly isExact: boolean
}

export interface ManifestOptions {
  readonly signal?: AbortSignal | undefined
  /** Nothing is written. */
  readonly isDry: boolean
  readonly onObject?: () => void
  /** Told of objects that {@link fragmentsOverlap}. */
  readonly onOverlap?: (id: string) => void
  /** Names that are held at once; a part with more is listed again in smaller parts. */
  readonly mostNames?: number
}

const MOST_NAMES = 2 ** 20
/** Manifests that are written at once. */
const WRITES = 32
const LONGEST_ID = 20

/**
 * The parts that a prefix stands for; without one, all ids. A prefix that begins with 0 because it was filled up is that
 * short id itself: names of ids have no zeros before them.
 */
export function namePartsOf(prefix: string | undefined, digits: number): readonly NamePart[] {
  if (prefix !== undefined) return expand(prefix, digits)
  return Array.from({ length: 10 ** digits }, (_, index) => expand(String(index), digits)).flat()
}

function expand(prefix: string, digits: number): NamePart[] {
  const padded = prefix.padStart(digits, '0')
  const part = { digits: padded, isExact: false }
  return padded === prefix ? [part] : [part, { digits: prefix, isExact: true }]
}

/**
 * Writes the manifest of every object of a part: the names of its fragments, sorted. Manifests themselves do not look like
 * fragments, so that this can be repeated.
 * @returns how many
 * @throws mesh-format-unsupported when there are other levels of detail than 0
 */
export async function writeManifests(
  folder: MeshFolder,
  part: NamePart,
  options: ManifestOptions,
): Promise<number> {
  const { signal, isDry, onObject, onOverlap, mostNames = MOST_NAMES } = options
  const fragments = await collect(folder, part, mostNames, signal)
  if (fragments === null) {
    let count = 0
    for (const smaller of split(part.digits)) count += await writeManifests(folder, smaller, options)
    return count
  }
  await forEachParallel(fragments, WRITES, signal, async ([id, names]) => {
    if (fragmentsOverlap(names)) onOverlap?.(id)
    if (!isDry) await folder.writeManifest(BigInt(id), [...names].sort())
    onObject?.()
  })
  return fragments.size
}

/** Names of fragments by id; null when there are too many of them, and they can be split. */
async function collect(
  folder: MeshFolder,
  { digits, isExact }: NamePart,
  mostNames: number,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, ReadonlySet<string>> | null> {
  const fragments = new Map<string, Set<string>>()
  let count = 0
  for await (const name of folder.list(isExact ? `${digits}:` : digits, signal)) {
    const match = /^(\d+):(\d+):/.exec(name)
    if (match === null) continue
    const [, id, level] = match as unknown as [string, string, string]
    if (level !== '0')
      throw chunkflowError('mesh-format-unsupported', `A fragment has level of detail ${level}`, {
        where: `${folder.root}/${name}`,
        fix: 'only level 0 is read; remove the others',
      })
    if (++count > mostNames && !isExact && digits.length < LONGEST_ID) return null
    const names = fragments.get(id)
    if (names === undefined) fragments.set(id, new Set([name]))
    else names.add(name)
  }
  return fragments
}

/** The id that a prefix is, and the ten longer prefixes. */
const split = (digits: string): NamePart[] => [
  { digits, isExact: true },
  ...Array.from({ length: 10 }, (_, next) => ({ digits: `${digits}${next}`, isExact: false })),
]
