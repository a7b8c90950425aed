import {
  BLOCK_CACHE,
  boxOf,
  chunkBox,
  chunkflowError,
  chunkOf,
  cloneChunk,
  defineOperator,
  describeChunk,
  ENCODINGS,
  equalBoxes,
  flag,
  STORE,
  skipTo,
  type Task,
} from '@chunkflow/sdk'
import { maskVoxels } from '../kernels/mask-voxels.js'
import { maskGeometry, readMask } from '../read-mask.js'
import { cacheBytes, cacheFlag } from '../storage-options.js'
import { createPrecomputedFormat } from '../volume/format.js'
import { scaleOf } from '../volume/info.js'
import { openOnce } from '../volume/open-once.js'

export default defineOperator({
  name: 'mask',
  summary: 'Zero the voxels that a coarser mask volume excludes, or skip tasks it excludes altogether',
  description: `Where the mask is 0, voxels become 0; --inverse turns the mask round. A mask voxel covers a whole number of voxels, and the chunk a whole
number of mask voxels.

With --check-all-zero the chunk is left alone: when the mask excludes the whole box of the task, the chain goes on at --skip-to. A
save-precomputed there saves zeros.`,
  examples: [
    'create-chunk --size 8 16 16 --dtype uint8 -o m create-info -i m -v mask -b 8 16 16 -s 1 4 4 save-precomputed -i m -v mask create-chunk --size 8 64 64 --voxel-size 1 1 1 mask -v mask --mip 0',
  ],
  flags: {
    inputNames: flag.inputs({
      char: 'i',
      aliases: ['input-chunk-name', 'input'],
      kind: 'chunk',
      default: ['chunk'],
      optional: true,
      mutates: true,
      summary: 'chunks to mask; they share one box and voxel size',
    }),
    outputNames: flag.outputs({
      char: 'o',
      aliases: ['output-chunk-name', 'output'],
      kind: 'chunk',
      defaultText: 'the input names',
      summary: 'as many names for the results',
    }),
    volumePath: flag.text({ char: 'v', required: true, summary: 'mask volume' }),
    mip: flag.integer({ char: 'm', default: 5, minimum: 0, summary: 'scale of the mask' }),
    inverse: flag.boolean({ summary: 'voxels other than 0 of the mask are what is removed' }),
    fillMissing: flag.boolean({
      default: true,
      summary: 'missing mask blocks are 0; otherwise they are an error',
    }),
    cache: cacheFlag,
    checkAllZero: flag.boolean({ no: 'maskout', summary: 'test the mask over the task instead of masking' }),
    skipTo: flag.text({
      default: 'save-precomputed',
      summary: 'where the chain goes on when nothing survives',
    }),
  },
  services: { store: STORE, encodings: ENCODINGS, cache: BLOCK_CACHE },
  effects: 'read',
  timed: true,
  skipTargets: ({ checkAllZero, skipTo: target }) => (checkAllZero ? [target] : []),
  infer({ inputNames }, options) {
    const { inputNames: names, outputNames } = options
    if (outputNames !== undefined && outputNames.length !== names.length)
      throw chunkflowError(
        'flag-invalid',
        `--output-names has ${outputNames.length} names for ${names.length} chunks`,
        {
          fix: 'give one output name for each input name',
        },
      )
    if (inputNames === undefined && !options.checkAllZero)
      throw chunkflowError(
        'plan-variable-missing',
        `mask reads "${names.join(',')}", but nothing before it writes that`,
        {
          fix: 'put a loader before it, or name the chunk with --input-names',
        },
      )
    return inputNames === undefined || names.length > 1 ? {} : { outputNames: inputNames }
  },
  create({ options, services, globals, logger }) {
    const { inputNames, outputNames = inputNames, inverse, fillMissing, mip, volumePath } = options
    const reading = { mip, inverse, fillMissing, ...cacheBytes(options.cache) }
    const open = openOnce(createPrecomputedFormat(services), volumePath)

    async function check(task: Task, signal: AbortSignal) {
      const volume = await open()
      const { voxelSizeNm } = scaleOf(volume.info, globals.mip, volumePath)
      const { box } = maskGeometry(boxOf(task), voxelSizeNm, { volume, mip }, globals.mip)
      const mask = await readMask(volume, box, { ...reading, signal })
      return mask.data.every((value) => value === 0)
        ? skipTo(options.skipTo, `the mask ${volumePath} excludes the whole task`)
        : undefined
    }

    async function maskOut(task: Task, signal: AbortSignal): Promise<void> {
      const chunks = inputNames.map((name) => chunkOf(task, name))
      const [first] = chunks
      for (const chunk of chunks)
        if (
          !equalBoxes(chunkBox(chunk), chunkBox(first!)) ||
          String(chunk.voxelSize) !== String(first!.voxelSize)
        )
          throw chunkflowError(
            'mask-mismatch',
            `${describeChunk(chunk)} and ${describeChunk(first!)} do not share box and voxel size`,
            { fix: 'mask them one after another' },
          )
      const volume = await open()
      const { factor, box } = maskGeometry(chunkBox(first!), first!.voxelSize, { volume, mip }, globals.mip)
      const mask = await readMask(volume, box, { ...reading, signal })
      const survivors = mask.data.reduce((sum, value) => sum + value, 0)
      logger.debug(`${survivors} of ${mask.data.length} mask voxels survive`)
      chunks.forEach((chunk, index) => {
        const inPlace = outputNames[index] === inputNames[index]
        const result = inPlace ? chunk : cloneChunk(chunk)
        if (survivors < mask.data.length) maskVoxels(result, mask, factor)
        task.set(outputNames[index]!, result)
      })
    }

    return {
      run: (task, { signal }) => (options.checkAllZero ? check(task, signal) : maskOut(task, signal)),
    }
  },
})
