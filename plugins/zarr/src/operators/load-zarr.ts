import {
  boxToRead,
  COMPUTE,
  chunkflowError,
  defineOperator,
  flag,
  formatBox,
  optionalBoxOf,
  STORE,
  type Task,
  withProperties,
  zyx,
} from '@chunkflow/sdk'
import { codecWorkers } from '../codec-workers.js'
import { wantedBox } from '../load-box.js'
import { checkPlace, type Driver, parseLocation } from '../location.js'
import { type OpenedArray, openArray } from '../open-array.js'
import { chunksToRead, readBox } from '../read-box.js'

export default defineOperator({
  name: 'load-zarr',
  aliases: ['read-zarr'],
  summary: 'Load a chunk, or a cutout of one, from a Zarr, N5 or OME-Zarr array',
  description: `Reads Zarr 2 and 3, shards included, and N5, from every place a store opens. Axes are recognised by their names (x y z, c, t) and turned
into (c)zyx. Of an OME-Zarr image the level --mip is read, with its voxel size and translation. Only the chunks that meet the box are read: an
explicit --chunk-start or --chunk-size, else the box of the task, else the whole array. What is not stored is the fill value.`,
  examples: [
    'create-chunk save-zarr -s a.zarr load-zarr -f a.zarr --chunk-start 0 8 8 --chunk-size 4 16 16 debug',
    'create-chunk --dtype uint64 save-zarr -s b.zarr -p labels load-zarr -f b.zarr -p labels --voxel-size 40 4 4 debug',
  ],
  flags: {
    store: flag.text({
      char: 'f',
      required: true,
      summary: 'folder or URL, perhaps with zarr://, zarr2://, zarr3:// or n5:// before it',
    }),
    path: flag.text({
      char: 'p',
      defaultText: 'the store itself',
      summary: 'array or OME-Zarr image within the store',
    }),
    mip: flag.integer({
      char: 'm',
      minimum: 0,
      defaultText: 'global --mip',
      summary: 'level of an image that has several',
    }),
    chunkStart: flag.integers3({
      char: 's',
      aliases: ['start'],
      defaultText: "start of the task's box or of the array",
      summary: 'first voxel, global, z y x',
    }),
    chunkSize: flag.integers3({
      char: 'z',
      minimum: 1,
      defaultText: 'to the end of the array',
      summary: 'size, z y x',
    }),
    voxelSize: flag.numbers3({
      char: 'v',
      defaultText: 'from the attributes, or 1 1 1',
      exclusiveMinimum: 0,
      summary: 'nm; offsets in nm are divided by it',
    }),
    driver: flag.text({
      char: 'b',
      choices: ['local', 'n5', 'zarr2', 'zarr3'],
      default: 'local',
      summary: 'read this format only; local takes what is there',
    }),
    fillOutside: flag.boolean({
      summary: 'a box may reach beyond the array: there it is the fill value; otherwise that is an error',
    }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output', 'output-name'], kind: 'chunk' }),
  },
  services: { store: STORE, compute: COMPUTE },
  effects: 'read',
  timed: true,
  infer: (_, options) => {
    checkPlace(options)
    return { outputChunkName: { kind: 'chunk' } }
  },
  create({ options, services: { store, compute }, workers: entries, globals }) {
    const workers = codecWorkers(compute, entries.zarr!)
    const location = parseLocation(options.store)
    const driver: Driver = options.driver === 'local' ? location.driver : options.driver
    let opened: Promise<OpenedArray> | undefined

    async function open(): Promise<OpenedArray> {
      const array = await openArray(await store.open(location.path), {
        path: options.path,
        driver,
        mip: options.mip ?? globals.mip,
        voxelSizeNm: options.voxelSize,
      })
      if (options.mip !== undefined && options.mip > 0 && array.level === undefined)
        throw chunkflowError(
          'zarr-options',
          `${array.where} is an array without levels: it has no mip ${options.mip}`,
          {
            where: array.where,
            fix: 'leave --mip out, or name the group of an OME-Zarr image',
          },
        )
      return array
    }
    /** Kept for the next tasks; a failure is not. */
    const openOnce = (): Promise<OpenedArray> => {
      opened ??= open().catch((error: unknown) => {
        opened = undefined
        throw error
      })
      return opened
    }
    return {
      async run(task: Task, { signal, progress }) {
        const array = await openOnce()
        const { box: whole } = array.placement
        const box = wantedBox(options, optionalBoxOf(task), whole)
        if (!options.fillOutside)
          boxToRead(
            box,
            whole,
            array.where,
            'boxes are global voxels z y x; --fill-outside fills what lies beyond',
          )
        const bar = progress.start(`read ${formatBox(box)}`, chunksToRead(array, box), 'chunks')
        try {
          const chunk = await readBox(array, workers, { box, signal, onChunk: () => bar.advance() })
          const voxelSize = chunk.voxelSize ?? zyx(1, 1, 1)
          task.set(options.outputChunkName, withProperties(chunk, { voxelSize }))
        } finally {
          bar.end()
        }
      },
      dispose: () => workers.dispose(),
    }
  },
})
