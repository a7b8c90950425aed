import {
  type Chunk,
  COMPUTE,
  chunkflowError,
  chunkOf,
  defineOperator,
  flag,
  rank,
  STORE,
  type Storage,
  spatialSize,
} from '@chunkflow/sdk'
import { histogramOfBytes, histogramsOfSections } from '@chunkflow/sdk/numerics'
import { type ContrastRange, contrastTable, lookUpSections } from './kernels/contrast.js'
import { levelsMissing, readLevels } from './levels.js'
import { inferredType, requireDtype, resultBytes } from './result-type.js'

interface Naming {
  readonly name: string
  readonly aliases?: readonly string[]
  /** Name of its timer, when that is not its own. */
  readonly timed: boolean | string
  readonly summary: string
  readonly examples: readonly string[]
}

const FIX = 'convert it first: rescale-intensity makes 0 to 255 of a range'

/** The operator behind several names: releases differ in what they called it and its timer. */
export const contrastOperator = (naming: Naming) =>
  defineOperator({
    ...naming,
    description: `Maps the values between two quantiles to --minval and --maxval, section by section; 0 counts as missing. The quantiles come from stored
histograms of whole sections with --levels-path, else from the chunk itself: then sections of neighbouring chunks may differ.`,
    flags: {
      inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
      outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
      levelsPath: flag.text({
        char: 'p',
        summary: 'folder of histograms, one file a section: file://, s3://, gs:// or a folder',
      }),
      lowerClipFraction: flag.number({
        char: 'l',
        default: 0.01,
        minimum: 0,
        maximum: 1,
        summary: 'share of the voxels that become the darkest value',
      }),
      upperClipFraction: flag.number({
        char: 'u',
        default: 0.01,
        minimum: 0,
        maximum: 1,
        summary: 'share of the voxels that become the brightest value',
      }),
      minval: flag.integer({ default: 1, minimum: 0, maximum: 255, summary: 'darkest value' }),
      maxval: flag.integer({ default: 255, minimum: 0, maximum: 255, summary: 'brightest value' }),
      perSection: flag.boolean({
        default: true,
        no: 'whole',
        summary: 'one histogram a section; --whole takes one of the whole chunk',
      }),
    },
    services: { compute: COMPUTE, store: STORE },
    effects: 'read',
    infer({ inputChunkName: input }, options) {
      const { lowerClipFraction: lower, upperClipFraction: upper, minval, maxval } = options
      const refuse = (what: string, fix: string): never => {
        throw chunkflowError('flag-invalid', what, { fix })
      }
      if (lower + upper > 1)
        refuse(`Fractions ${lower} and ${upper} clip more than everything`, 'their sum is at most 1')
      if (minval > maxval) refuse(`--minval ${minval} is above --maxval ${maxval}`, 'exchange them')
      if (options.levelsPath !== undefined && !options.perSection)
        refuse('--whole has no meaning with --levels-path', 'levels are stored by section: leave --whole out')
      requireDtype(naming.name, input, ['uint8'], FIX)
      return input === undefined ? {} : { outputChunkName: inferredType(input) }
    },
    halo: ({ perSection }) =>
      perSection ? [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] : undefined,
    estimate: ({ inputChunkName }) => resultBytes(inputChunkName),
    create({ options, services: { compute, store } }) {
      const { levelsPath } = options
      let storage: Promise<Storage> | undefined
      const stored = new Map<number, Uint8Array>()

      /** The table of a section from its stored histogram; sections beyond the volume have none, and no voxels. */
      async function storedTable(chunk: Chunk, section: number): Promise<Uint8Array> {
        const z = chunk.voxelOffset[0] + section
        const known = stored.get(z)
        if (known !== undefined) return known
        storage ??= store.open(levelsPath!)
        const place = await storage
        const levels = await readLevels(place, z)
        if (levels === null && !isBlack(chunk, section)) throw levelsMissing(z, place.root)
        const table = contrastTable(levels ?? NO_VOXELS, options, true)
        if (levels !== null) stored.set(z, table)
        return table
      }
      return {
        async run(task, { signal }) {
          const chunk = chunkOf(task, options.inputChunkName)
          requireDtype(naming.name, chunk, ['uint8'], FIX)
          if (rank(chunk) !== 3)
            throw chunkflowError('image-dtype', `${naming.name} takes images of one channel`, {
              fix: 'take one channel, for example load-h5 --channels 0',
            })
          const tables: Uint8Array[] = []
          if (levelsPath === undefined) tables.push(...tablesOf(chunk, options))
          else
            for (let section = 0; section < spatialSize(chunk)[0]; section++)
              tables.push(await storedTable(chunk, section))
          task.set(options.outputChunkName, await lookUpSections(chunk, tables, { compute, signal }))
        },
      }
    },
  })

const NO_VOXELS = new Float64Array(256)

/** Tables from the chunk's own histograms. */
function tablesOf(chunk: Chunk, options: ContrastRange & { readonly perSection: boolean }): Uint8Array[] {
  const voxels = chunk.data as Uint8Array
  const [depth] = spatialSize(chunk)
  if (options.perSection)
    return histogramsOfSections(voxels, depth).map((histogram) => contrastTable(histogram, options, false))
  return new Array<Uint8Array>(depth).fill(contrastTable(histogramOfBytes(voxels), options, false))
}

function isBlack(chunk: Chunk, section: number): boolean {
  const [, height, width] = spatialSize(chunk)
  const plane = height * width
  return (chunk.data as Uint8Array)
    .subarray(section * plane, (section + 1) * plane)
    .every((value) => value === 0)
}
