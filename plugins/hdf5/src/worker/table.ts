import { allocate, type Hdf5Table, type PlainArray } from '@chunkflow/sdk'
import { readAttribute } from './attributes.js'
import { writeWhole } from './create.js'
import { dtypeOf } from './element-type.js'
import { absolute, type OpenFile, withoutTime } from './library.js'
import { readInto } from './slabs.js'

/** Arrays of numbers and texts of the root. @throws hdf5-unreadable, hdf5-memory */
export function readTable(opened: OpenFile): Hdf5Table {
  const { Module } = opened.library
  const id = opened.file.file_id
  const datasets: Record<string, PlainArray> = {}
  for (const name of Module.get_names(id, '/', false).sort()) {
    const path = absolute(name)
    if (Module.get_type(id, path) !== Module.H5G_DATASET) continue
    const metadata = Module.get_dataset_metadata(id, path)
    const dtype = dtypeOf(metadata)
    if (dtype === undefined) continue
    // a null dataspace has no shape, a scalar no sizes
    const shape = metadata.shape ?? [0]
    const data = allocate(
      dtype,
      shape.reduce((left, right) => left * right, 1),
    )
    if (data.length > 0) {
      const bytes = new Uint8Array(data.buffer)
      readInto(opened, { dataset: path, start: shape.map(() => 0), count: shape, bytes })
    }
    datasets[name] = { shape, dtype, data }
  }
  const attributes: Record<string, string> = {}
  for (const name of Module.get_attribute_names(id, '/').sort()) {
    const value = readAttribute(opened, '/', name)
    if (typeof value === 'string') attributes[name] = value
  }
  return { datasets, attributes }
}

/** Fills a new file. @throws hdf5-options, hdf5-unwritable */
export function writeTable(opened: OpenFile, { datasets, attributes }: Hdf5Table): void {
  for (const [dataset, array] of Object.entries(datasets)) writeWhole(opened, dataset, array)
  withoutTime(() => {
    for (const [name, text] of Object.entries(attributes)) opened.file.create_attribute(name, text)
  })
}
