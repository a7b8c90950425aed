import { chunkflowError } from '@chunkflow/sdk'
import { absolute, failedWrite, type OpenFile, outOfMemory, withMemory, withoutTime } from './library.js'

/** A part of a dataset and its bytes: C order, little endian. */
export interface SlabTransfer {
  readonly dataset: string
  readonly start: readonly number[]
  readonly count: readonly number[]
  readonly bytes: Uint8Array
}

/** Fills `bytes` from the file. The library's own slice hides failed reads. @throws hdf5-unreadable, hdf5-memory */
export function readInto(opened: OpenFile, { dataset, start, count, bytes }: SlabTransfer): void {
  const { library, file } = opened
  withMemory(library, bytes.length, (address) => {
    const { Module } = library
    const status = Module.get_dataset_data(
      file.file_id,
      absolute(dataset),
      count.map(BigInt),
      start.map(BigInt),
      count.map(() => 1n),
      BigInt(address),
    )
    if (status < 0) throw failedRead(opened, absolute(dataset))
    bytes.set(Module.HEAPU8.subarray(address, address + bytes.length))
  })
}

/** @throws hdf5-unwritable, hdf5-memory */
export function writeFrom(opened: OpenFile, { dataset, start, count, bytes }: SlabTransfer): void {
  const { library, file, name } = opened
  withMemory(library, bytes.length, (address) => {
    const { Module } = library
    Module.HEAPU8.set(bytes, address)
    const status = withoutTime(() =>
      Module.set_dataset_data(
        file.file_id,
        absolute(dataset),
        count.map(BigInt),
        start.map(BigInt),
        count.map(() => 1n),
        BigInt(address),
      ),
    )
    if (status < 0) throw failedWrite(name)
  })
}

/** Deflate, shuffle, Fletcher-32, szip, n-bit and scale-offset: what is inside the library. */
const LAST_BUILT_IN_FILTER = 6
/** Names registered with The HDF Group of filters that are met in the field, for files that do not name them. */
const FILTER_NAMES: Readonly<Record<number, string>> = {
  307: 'bzip2',
  32000: 'lzf',
  32001: 'blosc',
  32004: 'lz4',
  32008: 'bitshuffle',
  32013: 'zfp',
  32015: 'zstd',
  32026: 'blosc2',
}

/** A chunk is there twice while it is decompressed. */
const LARGEST_CHUNK_BYTES = 2 ** 30

function failedRead({ library, file, path }: OpenFile, dataset: string): Error {
  const { chunks, size } = library.Module.get_dataset_metadata(file.file_id, dataset)
  const chunkBytes = (chunks ?? [0]).reduce((left, right) => left * right, size)
  if (chunkBytes >= LARGEST_CHUNK_BYTES)
    return outOfMemory(
      `${path}: the storage chunks of ${dataset} have ${chunkBytes} bytes, too many for the library`,
    )
  const filters = library.Module.get_dataset_filters(file.file_id, dataset)
  const missing = filters.filter(({ id }) => id > LAST_BUILT_IN_FILTER)
  if (missing.length === 0)
    return chunkflowError('hdf5-unreadable', `${path}: the data of ${dataset} are damaged`, {
      fix: 'copy or write the file again',
    })
  const names = missing.map(({ id, name }) => FILTER_NAMES[id] ?? (name || `number ${id}`)).join(', ')
  return chunkflowError(
    'hdf5-unreadable',
    `${path}: ${dataset} is compressed with the filter ${names}, which is not available here`,
    { fix: `rewrite the file: h5repack -f GZIP=4 ${path} gzip.h5` },
  )
}
