import { chunkflowError, defineWorker, type Hdf5Table, isChunkflowError } from '@chunkflow/sdk'
import { createArray, type NewArray, writeList } from './worker/create.js'
import { type DescribeRequest, describeFile, type FileInfo } from './worker/describe.js'
import { closeFile, openedFile, openFile, withoutTime } from './worker/library.js'
import { readInto, type SlabTransfer, writeFrom } from './worker/slabs.js'
import { readTable, writeTable } from './worker/table.js'

/** The HDF5 library on a thread of its own: it works synchronously. One file is open at a time. */
export default defineWorker({
  async open(path: string): Promise<void> {
    await openFile(path, 'r')
  },

  describe(request: DescribeRequest): FileInfo {
    const opened = openedFile()
    try {
      return describeFile(opened, request)
    } catch (cause) {
      if (isChunkflowError(cause)) throw cause
      throw chunkflowError('hdf5-unreadable', `${opened.path} is damaged: ${(cause as Error).message}`, {
        fix: 'copy or write the file again',
        cause,
      })
    }
  },

  read: (slab: SlabTransfer): void => readInto(openedFile(), slab),

  async create({ path, name }: { path: string; name: string }): Promise<void> {
    await openFile(path, 'w', name)
  },

  async createArray(array: NewArray): Promise<void> {
    await createArray(openedFile(), array)
  },

  write: (slab: SlabTransfer): void => writeFrom(openedFile(), slab),

  writeList: (list: { dataset: string; values: BigInt64Array | Float64Array }): void =>
    writeList(openedFile(), list),

  /** An attribute of the file. */
  writeText({ name, text }: { name: string; text: string }): void {
    withoutTime(() => openedFile().file.create_attribute(name, text))
  },

  readTable: (): Hdf5Table => readTable(openedFile()),

  writeTable: (table: Hdf5Table): void => writeTable(openedFile(), table),

  close: (): void => closeFile(),
})
