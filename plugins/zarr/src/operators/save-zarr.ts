import {
  bytesPerElement,
  COMPUTE,
  chunkflowError,
  chunkOf,
  DTYPE_NAMES,
  defineOperator,
  flag,
  productZyx,
  STORE,
} from '@chunkflow/sdk'
import { codecWorkers } from '../codec-workers.js'
import { checkPlace } from '../location.js'
import { bytesInFlight } from '../parallel.js'
import { createSaver } from '../saver.js'
import { SHARDS_IN_FLIGHT } from '../write-box.js'

export default defineOperator({
  name: 'save-zarr',
  aliases: ['write-zarr'],
  summary: 'Save a chunk into a Zarr array, at its place',
  description: `An array that is not there is created: as large as --shape says, else up to the end of what the tasks of the chain cover, else up to the end of
the chunk; for tasks from a queue --shape must be given. A chunk that reaches beyond the end is cropped. Stored chunks that it covers in part are read, changed and written again, safely
against other workers; chunks of nothing but 0 are not stored.`,
  examples: [
    'create-chunk save-zarr -s a.zarr',
    'create-chunk --size 20 30 40 --voxel-offset 10 0 0 save-zarr -s file://volumes.zarr -p volumes/raw --shape 64 64 64 -c 16 32 32 -r 40 4 4 --order zyx',
    'create-chunk --dtype uint32 save-zarr -s labels.zarr --zarr-format 3 --compressor blosc --chunk-size 16 32 32 --shard-size 64 64 64',
  ],
  flags: {
    store: flag.text({ char: 's', required: true, summary: 'folder or URL' }),
    path: flag.text({ char: 'p', defaultText: 'the store itself', summary: 'array within the store' }),
    shape: flag.integers3({
      minimum: 1,
      defaultText: 'to the end of the tasks, or of the chunk',
      summary: 'size of a new array, z y x; needed for tasks from a queue',
    }),
    voxelOffset: flag.integers3({
      default: [0, 0, 0],
      summary: 'global position of the first voxel of a new array, z y x',
    }),
    resolution: flag.numbers3({
      char: 'r',
      defaultText: "the chunk's voxel size",
      exclusiveMinimum: 0,
      summary: 'voxel size at mip 0, nm, z y x; multiplied by 2^mip',
    }),
    mip: flag.integer({
      char: 'm',
      minimum: 0,
      defaultText: 'global --mip',
      summary: 'what --resolution is scaled to',
    }),
    dtype: flag.text({
      choices: DTYPE_NAMES,
      defaultText: "the chunk's",
      summary: 'convert to this element type',
    }),
    inferDtype: flag.boolean({
      ignored: true,
      summary: 'of older releases; the element type is the chunk’s anyway',
    }),
    chunkSize: flag.integers3({
      char: 'c',
      minimum: 1,
      defaultText: '64 64 64 or less',
      summary: 'stored chunks of a new array, z y x; one channel each',
    }),
    shardSize: flag.integers3({
      minimum: 1,
      defaultText: 'a file a chunk',
      summary:
        'pack the chunks of a new Zarr 3 array into files of this size, z y x; tasks of whole shards are fastest',
    }),
    order: flag.text({
      char: 'o',
      choices: ['xyz', 'zyx'],
      defaultText: 'xyz for a new array',
      summary: 'order of the axes on disk, slowest first; channels come last in xyz, first in zyx',
    }),
    zarrFormat: flag.integer({ default: 2, minimum: 2, maximum: 3, summary: 'version of a new array' }),
    compressor: flag.text({
      choices: ['zstd', 'blosc', 'gzip', 'none'],
      default: 'zstd',
      summary: 'of a new array; blosc is lz4 with shuffled bytes',
    }),
    ome: flag.boolean({
      summary: 'make --path, or the store, an OME-Zarr image whose level --mip is the array; axes are (c)zyx',
    }),
    strictBounds: flag.boolean({
      summary: 'refuse a chunk that reaches beyond the array instead of cropping',
    }),
    inputChunkName: flag.input({ char: 'i', aliases: ['input', 'input-name'], kind: 'chunk' }),
  },
  services: { store: STORE, compute: COMPUTE },
  effects: 'write',
  timed: true,
  infer(_, { store, path, ome, order, shardSize, zarrFormat }) {
    checkPlace({ store, path })
    if (shardSize !== undefined && zarrFormat !== 3)
      throw chunkflowError('zarr-options', 'Zarr 2 has no shards', { fix: 'add --zarr-format 3' })
    if (ome && order === 'xyz')
      throw chunkflowError('zarr-options', 'OME-Zarr images have their axes in the order (c) z y x', {
        fix: 'leave --order out, or give --order zyx',
      })
    return {}
  },
  estimate({ inputChunkName }, { dtype, chunkSize, shardSize }) {
    const stored = dtype ?? inputChunkName?.dtype
    if (stored === undefined) return undefined
    const voxels = inputChunkName?.shape?.reduce((product, size) => product * size, 1)
    const isConverted = dtype !== undefined && dtype !== inputChunkName?.dtype
    if (isConverted && voxels === undefined) return undefined
    const bytes = bytesPerElement(stored)
    return {
      bytes:
        bytesInFlight(productZyx(chunkSize ?? [64, 64, 64]) * bytes) +
        (shardSize === undefined ? 0 : SHARDS_IN_FLIGHT * productZyx(shardSize) * bytes) +
        (isConverted ? voxels! * bytes : 0),
    }
  },
  create({ options, services: { store, compute }, workers: entries, globals, name, logger }) {
    const workers = codecWorkers(compute, entries.zarr!)
    const saver = createSaver(
      {
        ...options,
        zarrFormat: options.zarrFormat === 3 ? 3 : 2,
        mip: options.mip ?? globals.mip,
        name,
      },
      { store, workers },
      logger,
    )
    return {
      run: (task, context) => saver.save(task, chunkOf(task, options.inputChunkName), context),
      dryRun: (task, context) => saver.describe(task, chunkOf(task, options.inputChunkName), context),
      dispose: () => workers.dispose(),
    }
  },
})
