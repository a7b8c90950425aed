import { changeJson } from './change-json.js'
import { isRecord, type Json } from './format/metadata.js'
import type { OpenedArray } from './open-array.js'

/**
 * Adds attributes that an array does not have; those it has stay.
 * @throws zarr-metadata-invalid
 */
export async function addAttributes({ storage, prefix, layout }: OpenedArray, added: Json): Promise<void> {
  const isVersion2 = layout.format === 'zarr2'
  await changeJson(storage, `${prefix}${isVersion2 ? '.zattrs' : 'zarr.json'}`, (json) => {
    const present = isVersion2 ? json : isRecord(json.attributes) ? json.attributes : {}
    if (Object.keys(added).every((name) => Object.hasOwn(present, name))) return null
    const attributes = { ...added, ...present }
    return isVersion2 ? attributes : { ...json, attributes }
  })
}
