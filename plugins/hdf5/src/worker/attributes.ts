import { allocate, chunkflowError } from '@chunkflow/sdk'
import { dtypeOf } from './element-type.js'
import { type OpenFile, withMemory } from './library.js'

/** HDF5's class of texts. */
const TEXT = 3

/**
 * An attribute's numbers or text; undefined when it is missing or of another type. The library's own reader hides failures.
 * @throws hdf5-unreadable
 */
export function readAttribute(
  opened: OpenFile,
  path: string,
  name: string,
): readonly number[] | string | undefined {
  const { library, file } = opened
  const { Module } = library
  if (!Module.get_attribute_names(file.file_id, path).includes(name)) return undefined
  const metadata = Module.get_attribute_metadata(file.file_id, path, name)
  const dtype = dtypeOf(metadata)
  const isText = metadata.type === TEXT && metadata.total_size === 1
  if (!isText && (dtype === undefined || dtype === 'float16')) return undefined
  const bytes = metadata.size * metadata.total_size
  return withMemory(library, bytes, (address) => {
    if (Module.get_attribute_data(file.file_id, path, name, BigInt(address)) < 0)
      throw chunkflowError('hdf5-unreadable', `${opened.path}: the attribute ${name} of ${path} is damaged`, {
        fix: 'copy or write the file again',
      })
    const memory = Module.HEAPU8.slice(address, address + bytes)
    if (!isText) {
      const values = allocate(dtype!, metadata.total_size)
      new Uint8Array(values.buffer).set(memory)
      return Array.from(values as Float64Array, Number)
    }
    if (!metadata.vlen) return new TextDecoder().decode(memory).replace(/[\0 ]+$/, '')
    const text = Module.UTF8ToString(new DataView(memory.buffer).getUint32(0, true))
    Module.reclaim_vlen_memory(file.file_id, path, name, BigInt(address))
    return text
  })
}
