import type { Abortable, Storage, StoredObject } from '@chunkflow/sdk'

/** Places where the name of a compressed object may end in `.gz`: folders, and web servers, which may show one. */
const MAY_NAME_COMPRESSION = /^(file|mem|https?):/

/** An object beside the blocks: a mesh, a skeleton, a log. Bytes are as stored. */
export async function readBeside(
  storage: Storage,
  key: string,
  options: Abortable = {},
): Promise<StoredObject | null> {
  const object = await storage.read(key, options)
  if (object !== null || !MAY_NAME_COMPRESSION.test(storage.root)) return object
  const compressed = await storage.read(`${key}.gz`, options)
  return compressed === null ? null : { ...compressed, contentEncoding: 'gzip' }
}
