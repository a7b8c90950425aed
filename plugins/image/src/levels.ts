import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { chunkflowError, type Storage, type StoredObject } from '@chunkflow/sdk'

const unpack = promisify<Uint8Array, Buffer>(gunzip)

/**
 * The stored histogram of a section: a JSON file named by its global z, `{ "levels": [256 counts], … }`, as igneous writes
 * them for a volume.
 * @returns null when there is no such file
 * @throws levels-invalid
 */
export async function readLevels(storage: Storage, z: number): Promise<readonly number[] | null> {
  // in folders the name tells what is compressed
  const plain = await storage.read(`${z}`)
  const object = plain ?? (await storage.read(`${z}.gz`))
  if (object === null) return null
  const where = `${storage.root}/${z}`
  const levels = (await parse(object, where)) as { levels?: unknown } | null
  const counts = levels?.levels
  if (
    Array.isArray(counts) &&
    counts.length === 256 &&
    counts.every((count) => Number.isFinite(count) && count >= 0)
  )
    return counts
  throw invalid('has no list "levels" of 256 counts', where)
}

async function parse({ bytes }: StoredObject, where: string): Promise<unknown> {
  try {
    const text = bytes[0] === 0x1f && bytes[1] === 0x8b ? await unpack(bytes) : Buffer.from(bytes)
    return JSON.parse(text.toString('utf8'))
  } catch (cause) {
    throw invalid(`is not JSON: ${(cause as Error).message}`, where, cause)
  }
}

const invalid = (what: string, where: string, cause?: unknown) =>
  chunkflowError('levels-invalid', `A file of intensity levels ${what}`, {
    where,
    fix: 'make the levels of the volume anew, or leave --levels-path out',
    cause,
  })

export const levelsMissing = (z: number, where: string) =>
  chunkflowError('levels-missing', `There are no intensity levels of section ${z}`, {
    where,
    fix: 'check --levels-path: it ends with the mip, levels/1 for instance, and holds one file a section',
  })
