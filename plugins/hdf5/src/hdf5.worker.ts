import { chunkflowError, DTYPES, type Dtype, defineWorker } from '@chunkflow/sdk'
import type * as H5wasm from 'h5wasm/node'

/** What the main thread needs to know of a dataset. */
export interface DatasetInfo {
  readonly path: string
  readonly shape: readonly number[]
  /** Undefined for strings, compounds and the like. */
  readonly dtype: Dtype | undefined
  readonly chunks: readonly number[] | null
  /** Numeric attribute `resolution`, as CREMI files have it. */
  readonly resolution: readonly number[] | undefined
}

export interface FileInfo {
  /** Root entries that are datasets, in alphabetical order. */
  readonly datasets: readonly DatasetInfo[]
  readonly layerType: string | undefined
}

export interface SlabRequest {
  readonly dataset: string
  readonly start: readonly number[]
  readonly count: readonly number[]
  readonly voxels: Uint8Array
}

export interface CreateRequest {
  readonly dataset: string
  readonly shape: readonly number[]
  readonly dtype: Dtype
  readonly chunks: readonly number[]
  /** gzip level, 0 to 9. */
  readonly level: number
}

const INTEGER = 0
const FLOAT = 1
const ENUM = 8
/** The filter's number in HDF5. */
const GZIP = 1

let library: typeof H5wasm | undefined
let file: H5wasm.File | undefined

async function load(): Promise<typeof H5wasm> {
  if (library === undefined) {
    // the library binds console.error when it loads and prints HDF5's internal error stack there; our own errors say what matters
    const print = console.error
    console.error = () => {}
    try {
      library = await import('h5wasm/node')
      await library.ready
    } finally {
      console.error = print
    }
  }
  return library
}

function unreadable(path: string, reason: string): Error {
  return chunkflowError('hdf5-unreadable', `${path} cannot be read: ${reason}`, {
    fix: 'check the file with h5ls or h5dump; it may be truncated or of another format',
  })
}

function dtypeOf(metadata: H5wasm.Metadata): Dtype | undefined {
  const { type, size, signed } = metadata
  if (type === FLOAT && [2, 4, 8].includes(size)) return `float${size * 8}` as Dtype
  if (type === ENUM && size === 1) return 'bool'
  if (type === INTEGER && [1, 2, 4, 8].includes(size)) return `${signed ? 'int' : 'uint'}${size * 8}` as Dtype
  return undefined
}

function describe(dataset: H5wasm.Dataset, path: string): DatasetInfo {
  const metadata = dataset.metadata
  const resolution = dataset.attrs.resolution?.value
  return {
    path,
    shape: metadata.shape ?? [],
    dtype: dtypeOf(metadata),
    chunks: metadata.chunks,
    resolution: ArrayBuffer.isView(resolution)
      ? Array.from(resolution as unknown as ArrayLike<number | bigint>, Number)
      : undefined,
  }
}

const opened = (): H5wasm.File => file!

export default defineWorker({
  async open(path: string): Promise<FileInfo> {
    const { File, Dataset } = await load()
    file = new File(path, 'r')
    if (file.file_id === -1n) throw unreadable(path, 'it is not an HDF5 file')
    try {
      const datasets = file
        .keys()
        .sort()
        .flatMap((name) => {
          const entry = opened().get(name)
          return entry instanceof Dataset ? [describe(entry, name)] : []
        })
      const layerType = file.attrs.layer_type?.value
      return { datasets, layerType: typeof layerType === 'string' ? layerType : undefined }
    } catch (cause) {
      throw unreadable(path, (cause as Error).message)
    }
  },

  /** Null when there is no such dataset. */
  async describe(path: string): Promise<DatasetInfo | null> {
    const { Dataset } = await load()
    const entry = opened().get(path)
    return entry instanceof Dataset ? describe(entry, path) : null
  },

  /** Fills `voxels` with a hyperslab, little endian. The library's own slice would hide a failed read. */
  async readSlab({ dataset, start, count, voxels }: SlabRequest): Promise<void> {
    const { Module } = await load()
    const address = Module._malloc(Math.max(1, voxels.length))
    if (address === 0) throw unreadable(opened().filename, 'out of memory')
    try {
      const ones = count.map(() => 1n)
      const status = Module.get_dataset_data(
        opened().file_id,
        absolute(dataset),
        count.map(BigInt),
        start.map(BigInt),
        ones,
        BigInt(address),
      )
      if (status < 0) {
        const filters = Module.get_dataset_filters(opened().file_id, absolute(dataset)).map(
          ({ name, id }) => name || `number ${id}`,
        )
        throw unreadable(
          `${opened().filename}${absolute(dataset)}`,
          filters.length > 0
            ? `damaged data, or a missing filter (it uses ${filters.join(', ')})`
            : 'damaged data',
        )
      }
      voxels.set(Module.HEAPU8.subarray(address, address + voxels.length))
    } finally {
      Module._free(address)
    }
  },

  async create(path: string): Promise<void> {
    const { File } = await load()
    file = new File(path, 'w')
    if (file.file_id === -1n)
      throw chunkflowError('hdf5-unreadable', `${path} cannot be created`, { fix: 'check the folder' })
  },

  /** Makes an array that slabs are written into. The library's own function knows no float16 and wants the data at once. */
  async createArray({ dataset, shape, dtype, chunks, level }: CreateRequest): Promise<void> {
    const { Module } = await load()
    const { bytes, kind } = DTYPES[dtype]
    const address = Module._malloc(bytes)
    try {
      Module.HEAPU8.fill(0, address, address + bytes)
      const status = Module.create_dataset(opened().file_id, absolute(dataset), BigInt(address), {
        type: kind === 'float' ? FLOAT : INTEGER,
        size: bytes,
        signed: kind === 'signed' || kind === 'float',
        littleEndian: true,
        vlen: false,
        shape: shape.map(() => 1n),
        maxshape: shape.map((size) => BigInt(Math.max(1, size))),
        chunks: chunks.map(BigInt),
        compression: GZIP,
        compression_opts: [level],
        track_order: false,
      } as never)
      if (status < 0 || Module.resize_dataset(opened().file_id, absolute(dataset), shape.map(BigInt)) < 0)
        throw failedWrite()
    } finally {
      Module._free(address)
    }
  },

  async writeSlab({ dataset, start, count, voxels }: SlabRequest): Promise<void> {
    const { Module } = await load()
    const address = Module._malloc(Math.max(1, voxels.length))
    if (address === 0)
      throw chunkflowError('hdf5-unreadable', 'Out of memory while writing HDF5', {
        fix: 'write smaller chunks',
      })
    try {
      Module.HEAPU8.set(voxels, address)
      const ones = count.map(() => 1n)
      const status = Module.set_dataset_data(
        opened().file_id,
        absolute(dataset),
        count.map(BigInt),
        start.map(BigInt),
        ones,
        BigInt(address),
      )
      if (status < 0) throw failedWrite()
    } finally {
      Module._free(address)
    }
  },

  /** A short list of numbers. */
  writeNumbers({
    dataset,
    numbers,
  }: {
    dataset: string
    numbers: BigInt64Array | Float64Array | BigUint64Array | Uint32Array
  }): void {
    opened().create_dataset({ name: dataset, data: numbers as never, shape: [numbers.length] })
  },

  writeAttribute({ name, text }: { name: string; text: string }): void {
    opened().create_attribute(name, text)
  },

  /** Flushes; a full disk shows here at the latest. */
  async close(): Promise<void> {
    const { Module } = await load()
    if (file === undefined) return
    const flushed = Module.flush(file.file_id)
    const closed = file.close()
    file = undefined
    if (flushed < 0 || closed < 0) throw failedWrite()
  },
})

const failedWrite = () =>
  chunkflowError(
    'hdf5-unreadable',
    'HDF5 could not write the file: no space left, or the size limit is reached',
    { fix: 'free space, raise the limit (ulimit -f), or write elsewhere' },
  )

const absolute = (dataset: string): string => (dataset.startsWith('/') ? dataset : `/${dataset}`)
