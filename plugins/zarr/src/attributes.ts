import { isChunkflowError } from '@chunkflow/sdk'
import { isRecord, type Json, parseObject, refuseMetadata } from './format/metadata.js'
import { type OpenedArray, plainBytes } from './open-array.js'

const ATTEMPTS = 20

/**
 * Adds attributes that an array does not have; those it has stay. Safe against others who do the same.
 * @throws zarr-metadata-invalid
 */
export async function addAttributes({ storage, prefix, layout }: OpenedArray, added: Json): Promise<void> {
  const key = `${prefix}${layout.format === 'zarr2' ? '.zattrs' : 'zarr.json'}`
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const object = await storage.read(key)
    const text = object === null ? '{}' : new TextDecoder().decode(await plainBytes(object))
    const json = parseObject(text, refuseMetadata(`${storage.root}/${key}`))
    const present = layout.format === 'zarr2' ? json : isRecord(json.attributes) ? json.attributes : {}
    const attributes = { ...added, ...present }
    if (Object.keys(added).every((name) => Object.hasOwn(present, name))) return
    const changed = layout.format === 'zarr2' ? attributes : { ...json, attributes }
    try {
      await storage.write(key, new TextEncoder().encode(`${JSON.stringify(changed, null, 4)}\n`), {
        contentType: 'application/json',
        ...(object === null
          ? { ifAbsent: true }
          : object.version === undefined
            ? {}
            : { ifVersion: object.version }),
      })
      return
    } catch (error) {
      if (!isChunkflowError(error) || error.code !== 'storage-conflict' || attempt === ATTEMPTS - 1)
        throw error
    }
  }
}
