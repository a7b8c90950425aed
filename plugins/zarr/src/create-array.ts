import { chunkflowError, type Storage } from '@chunkflow/sdk'
import { encodeJson, isConflict } from './change-json.js'
import type { Json } from './format/metadata.js'
import { describeNewArray, type NewArray } from './new-array.js'
import { prefixOf, readNode, whereOf } from './open-array.js'

/** Writes an object unless there is one: of several writers one wins. */
async function writeOnce(storage: Storage, key: string, json: Json): Promise<void> {
  try {
    await storage.write(key, encodeJson(json), { contentType: 'application/json', ifAbsent: true })
  } catch (error) {
    if (!isConflict(error)) throw error
  }
}

/**
 * Makes an array, and the groups above it in the store. Several workers may do so at once: the first one's metadata stay.
 * Those of the array itself come last.
 * @throws zarr-options for a place within another array
 */
export async function createArray(storage: Storage, path: string, array: NewArray): Promise<void> {
  const prefix = prefixOf(path)
  const { key: groupKey, json: group } = GROUPS[array.format]
  for (const above of await missingGroups(storage, path))
    await writeOnce(storage, `${above}${groupKey}`, group)
  for (const { key, json } of describeNewArray(array)) await writeOnce(storage, `${prefix}${key}`, json)
}

/** Prefixes above an array, from the root of the store on, where no group is yet. @throws zarr-options for a place within another array */
export async function missingGroups(storage: Storage, path: string): Promise<readonly string[]> {
  const missing: string[] = []
  for (const prefix of groupsAbove(prefixOf(path))) {
    const node = await readNode(storage, prefix, 'any')
    const where = whereOf(storage, prefix)
    if (node?.kind === 'array')
      throw chunkflowError('zarr-options', `${where} is an array: nothing can lie below it`, {
        where,
        fix: 'give another --path, or another --store',
      })
    if (node === null) missing.push(prefix)
  }
  return missing
}

const GROUPS = {
  2: { key: '.zgroup', json: { zarr_format: 2 } },
  3: { key: 'zarr.json', json: { zarr_format: 3, node_type: 'group', attributes: {} } },
} as const

/** Prefixes from the root of the store to the group that holds the array. */
function groupsAbove(prefix: string): string[] {
  const parts = prefix.split('/').slice(0, -1)
  return parts.map((_, length) => (length === 0 ? '' : `${parts.slice(0, length).join('/')}/`))
}
