import { chunkflowError, DTYPES, type Dtype, type PlainArray } from '@chunkflow/sdk'
import { FLOAT, INTEGER } from './element-type.js'
import { halvePrecision } from './half-precision.js'
import {
  absolute,
  closeFile,
  failedWrite,
  type OpenFile,
  openFile,
  withMemory,
  withoutTime,
} from './library.js'

export interface NewArray {
  readonly dataset: string
  readonly shape: readonly number[]
  readonly dtype: Dtype
  /** Shape of the storage chunks. */
  readonly chunks: readonly number[]
  readonly compression: Compression
}

export type Compression = 'gzip' | 'szip'

/** Level 4, as h5py. */
const GZIP = { number: 1, options: [4] }
/** Nearest neighbour coding, with the mode bits that HDF5 itself adds. */
const SZIP_OPTIONS = 32 | 1 | 128
/** Blocks of szip: even, at most 32, at most a storage chunk; 16 is common. */
const SZIP_BLOCK = 16

function filterFor({ compression, chunks, dtype }: NewArray): { number: number; options: number[] } {
  if (compression === 'gzip') return GZIP
  const elements = chunks.reduce((left, right) => left * right, 1)
  if (elements < 2 || dtype === 'float16')
    throw chunkflowError(
      'hdf5-options',
      dtype === 'float16'
        ? 'float16 cannot be compressed with szip here'
        : 'A storage chunk of one voxel cannot be compressed with szip',
      { fix: 'use --compression gzip' },
    )
  return { number: 4, options: [SZIP_OPTIONS, Math.min(SZIP_BLOCK, elements - (elements % 2))] }
}

/**
 * Makes an array of zeros that slabs are written into, and returns the file, which may have been reopened.
 * @throws hdf5-options, hdf5-unwritable
 */
export async function createArray(opened: OpenFile, array: NewArray): Promise<OpenFile> {
  const { dtype, shape, chunks } = array
  const filter = filterFor(array)
  const half = dtype === 'float16'
  const { kind, bytes } = DTYPES[dtype]
  const path = absolute(array.dataset)
  const { Module } = opened.library
  const status = withMemory(opened.library, 0, (address) =>
    withoutTime(() =>
      Module.create_dataset(opened.file.file_id, path, BigInt(address), {
        type: kind === 'float' ? FLOAT : INTEGER,
        size: half ? 4 : bytes,
        signed: kind === 'float' || kind === 'signed',
        littleEndian: true,
        vlen: false,
        // empty at first: the library would want all data at once
        shape: shape.map(() => 0n),
        maxshape: shape.map((size) => BigInt(Math.max(1, size))),
        chunks: chunks.map(BigInt),
        compression: filter.number,
        compression_opts: filter.options,
        track_order: false,
      } as never),
    ),
  )
  if (status < 0) throw failedWrite(opened.name)
  const file = half ? await reopenHalved(opened, array) : opened
  const resized = withoutTime(() => Module.resize_dataset(file.file.file_id, path, shape.map(BigInt)))
  if (resized < 0) throw failedWrite(opened.name)
  return file
}

async function reopenHalved({ path, name }: OpenFile, { dataset, chunks }: NewArray): Promise<OpenFile> {
  closeFile()
  halvePrecision(path, chunks)
  const file = await openFile(path, 'a', name)
  const { type, size } = file.library.Module.get_dataset_metadata(file.file.file_id, absolute(dataset))
  if (type !== FLOAT || size !== 2) throw new Error(`${path} did not become a float16 array`)
  return file
}

/** A short list of numbers, stored in one piece. @throws hdf5-unwritable */
export function writeList(
  opened: OpenFile,
  { dataset, values }: { dataset: string; values: BigInt64Array | Float64Array },
): void {
  const dtype = values instanceof Float64Array ? 'float64' : 'int64'
  writeWhole(opened, dataset, { shape: [values.length], dtype, data: values })
}

/** An array stored in one piece. @throws hdf5-options for float16, hdf5-unwritable */
export function writeWhole(
  { library, file, name }: OpenFile,
  dataset: string,
  { shape, dtype, data }: PlainArray,
): void {
  if (dtype === 'float16')
    throw chunkflowError('hdf5-options', `${dataset} is float16, which is not written in one piece`, {
      fix: 'convert it to float32',
    })
  const { kind, bytes: size } = DTYPES[dtype]
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const status = withMemory(library, bytes.length, (address) => {
    library.Module.HEAPU8.set(bytes, address)
    return withoutTime(() =>
      library.Module.create_dataset(file.file_id, absolute(dataset), BigInt(address), {
        type: kind === 'float' ? FLOAT : INTEGER,
        size,
        signed: kind === 'float' || kind === 'signed',
        littleEndian: true,
        vlen: false,
        shape: shape.map(BigInt),
        maxshape: null,
        compression: 0,
        track_order: false,
      } as never),
    )
  })
  if (status < 0) throw failedWrite(name)
}
