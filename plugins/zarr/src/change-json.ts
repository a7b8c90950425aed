import { isChunkflowError, type Storage } from '@chunkflow/sdk'
import { type Json, parseObject } from './format/metadata.js'
import { plainBytes } from './plain-bytes.js'

/** How often an object that others keep changing is read, changed and written again. */
const ATTEMPTS = 20

/**
 * Changes a JSON object, safely against others who change it.
 * @param change of what is there, `{}` when nothing is; null leaves it as it is
 * @throws zarr-metadata-invalid, storage-conflict
 */
export async function changeJson(
  storage: Storage,
  key: string,
  change: (json: Json) => Json | null,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const object = await storage.read(key)
    const text = object === null ? '{}' : new TextDecoder().decode(await plainBytes(object))
    const changed = change(parseObject(text, `${storage.root}/${key}`))
    if (changed === null) return
    const version = object?.version
    try {
      await storage.write(key, encodeJson(changed), {
        contentType: 'application/json',
        ...(object === null ? { ifAbsent: true } : version === undefined ? {} : { ifVersion: version }),
      })
      return
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
    }
  }
}

export const isConflict = (error: unknown): boolean =>
  isChunkflowError(error) && error.code === 'storage-conflict'

/** As Zarr in Python prints metadata. */
export const encodeJson = (json: Json): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(json, null, 4)}\n`)
