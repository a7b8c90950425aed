import {
  type Chunk,
  COMPUTE,
  chunkflowError,
  chunkOf,
  defineOperator,
  FILES,
  flag,
  STORE,
} from '@chunkflow/sdk'
import { keepLabels, removeLabels, uniqueLabels } from '@chunkflow/sdk/numerics'
import { parseIds } from '../kernels/selection.js'
import { idsOf, requireLabels, requireLabelType } from '../labels.js'

const NAME = 'mask-out-objects'

export default defineOperator({
  name: NAME,
  summary: 'Remove small objects, or all but selected ones',
  examples: [
    'create-chunk --dtype uint32 mask-out-objects --dust-size-threshold 10000 debug',
    'create-chunk --dtype uint32 mask-out-objects -s 2,3 debug',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output_chunk_name', 'output'], kind: 'chunk' }),
    dustSizeThreshold: flag.integer({
      char: 'd',
      minimum: 0,
      summary: 'remove objects of so many voxels or fewer',
    }),
    selectedObjIds: flag.text({
      char: 's',
      summary: 'keep only these: ids separated by commas, or a path ending in .json',
    }),
  },
  services: { compute: COMPUTE, files: FILES, store: STORE },
  effects: 'read',
  infer: ({ inputChunkName }) => {
    requireLabelType(NAME, inputChunkName)
    return inputChunkName === undefined ? {} : { outputChunkName: inputChunkName }
  },
  // small objects are told by all their voxels
  halo: ({ dustSizeThreshold }) => (dustSizeThreshold === undefined ? [0, 0, 0] : undefined),
  create({ options, services }) {
    let selection: Promise<ReadonlySet<bigint>> | undefined
    return {
      async run(task, { signal }) {
        let chunk = chunkOf(task, options.inputChunkName)
        requireLabels(NAME, chunk)
        if (options.dustSizeThreshold !== undefined)
          chunk = await removeDust(chunk, options.dustSizeThreshold, signal)
        if (options.selectedObjIds !== undefined) {
          selection ??= readSelection(options.selectedObjIds)
          chunk = keepLabels(chunk, await selection)
        }
        task.set(options.outputChunkName, chunk)
      },
    }

    async function removeDust(chunk: Chunk, threshold: number, signal: AbortSignal): Promise<Chunk> {
      const { ids, counts } = await uniqueLabels(chunk.data, chunk.dtype, {
        compute: services.compute,
        signal,
      })
      const dust = ids.filter((_, index) => counts[index]! <= threshold)
      return removeLabels(chunk, new Set(idsOf(dust, chunk)))
    }

    async function readSelection(text: string): Promise<ReadonlySet<bigint>> {
      if (!text.endsWith('.json')) return parseIds(text, '--selected-obj-ids')
      if (!/^[a-z0-9+]+:\/\//i.test(text))
        return parseIds(Buffer.from(await services.files.read(text)).toString('utf8'), text)
      const slash = text.lastIndexOf('/')
      const object = await (await services.store.open(text.slice(0, slash))).read(text.slice(slash + 1))
      if (object === null)
        throw chunkflowError('selection-invalid', `There is no object ${text}`, { fix: 'check the path' })
      return parseIds(Buffer.from(object.bytes).toString('utf8'), text)
    }
  },
})
