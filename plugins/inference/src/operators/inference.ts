import {
  COMPUTE,
  chunkOf,
  defineOperator,
  flag,
  INFERENCE,
  type Model,
  type RunContext,
  skip,
  type Task,
  VOLUMES,
} from '@chunkflow/sdk'
import { createBlendKernels } from '../blend-kernels.js'
import { explainInference } from '../explain.js'
import { inferChunk, patternChunk } from '../infer-chunk.js'
import { loadModel, modelSettings, requireFramework } from '../load-model.js'
import { checkMaskOptions, createMaskFinder } from '../mask-finder.js'
import type { LeftOut } from '../run-patches.js'
import { checkInput, geometryOf, gridOf, memoryNeeds, resultChannels, totalBytes } from '../settings.js'
import { patchWeights } from '../weights.js'

export default defineOperator({
  name: 'inference',
  summary: 'Run a convolutional network over a chunk, patch by patch, and blend the results',
  description: [
    'The chunk is cut into overlapping patches; the results are weighted with a bump and added up. Without --mask-output-chunk the chunk must be a whole number of patches, and the overlap is cropped from the result; with it any size works and the result covers the whole chunk.',
    '--framework names a backend of an installed plugin: "onnx" reads an .onnx file, "pytorch" and "universal" run Python files, "identity" needs no model and returns its input.',
    'A mask (--mask-chunk-name, --mask-volume-path) sets voxels to 0 as the operator mask does, and patches that it removes altogether never reach the model. --explain prints the patch grid, margins, output box and memory of every chunk, and which sizes fit, and runs nothing; chunkflow plan prints the same as far as it is known beforehand.',
  ].join('\n\n'),
  examples: [
    'create-chunk --size 36 448 448 inference --input-patch-size 20 256 256 --patch-num 2 2 2 --framework identity --batch-size 3',
    'create-chunk --size 12 70 90 inference -s 8 48 48 -v 2 16 16 -f identity -c 1 --mask-output-chunk',
    'create-chunk --size 37 448 500 inference --input-patch-size 20 256 256 --framework identity --explain',
    'create-chunk --size 8 48 48 -o mask create-chunk --size 8 48 48 inference -s 8 48 48 -v 2 16 16 -f identity --mask-output-chunk --mask-chunk-name mask',
  ],
  flags: {
    convnetModel: flag.text({ char: 'm', summary: 'model file' }),
    convnetWeightPath: flag.text({
      char: 'w',
      summary: 'file of weights, for frameworks that keep them apart',
    }),
    inputPatchSize: flag.integers3({
      char: 's',
      aliases: ['patch-size'],
      required: true,
      minimum: 1,
      summary: 'patches the model reads, z y x',
    }),
    outputPatchSize: flag.integers3({
      char: 'z',
      minimum: 1,
      defaultText: 'input patch size',
      summary: 'part of each result to use, centred in the input patch, z y x',
    }),
    outputPatchOverlap: flag.integers3({
      char: 'v',
      aliases: ['patch-overlap'],
      default: [4, 64, 64],
      minimum: 0,
      summary: 'voxels that neighbouring results share, z y x',
    }),
    outputCropMargin: flag.integers3({
      minimum: 0,
      defaultText: 'the overlap; 0 0 0 with --mask-output-chunk',
      summary: 'voxels cropped from the result on both sides, z y x',
    }),
    patchNum: flag.integers3({
      char: 'n',
      minimum: 1,
      defaultText: 'from the chunk',
      summary: 'expected number of patches, z y x',
    }),
    numInputChannels: flag.integer({ default: 1, minimum: 1, summary: 'channels the model reads' }),
    numOutputChannels: flag.integer({ char: 'c', default: 3, minimum: 1, summary: 'channels to keep' }),
    dtype: flag.text({
      char: 'd',
      choices: ['float32', 'float16'],
      default: 'float32',
      summary: 'element type of the result',
    }),
    framework: flag.text({
      char: 'f',
      default: 'universal',
      choiceAliases: { general: 'universal' },
      summary: 'what runs the model: universal, pytorch, onnx, identity, or that of another plugin',
    }),
    batchSize: flag.integer({ char: 'b', default: 1, minimum: 1, summary: 'patches the model gets at once' }),
    bump: flag.text({ choices: ['wu', 'zung'], default: 'wu', summary: 'shape of the patch weights' }),
    maskOutputChunk: flag.boolean({
      summary: 'take chunks of any size and normalise the weights voxel by voxel',
    }),
    maskMyelinThreshold: flag.number({
      char: 'y',
      summary: 'set voxels to 0 where the fourth channel is not below this, and drop that channel',
    }),
    augment: flag.boolean({ summary: 'average eight runs on flipped and transposed patches' }),
    augmentAffinity: flag.boolean({
      summary:
        'as --augment, for affinities of each voxel with the one before it: channels x, y, z follow their axes',
    }),
    skipBlankPatches: flag.boolean({
      summary: 'patches of zeros give zeros without a run of the model, as a chunk of zeros always does',
    }),
    maskChunkName: flag.input({
      kind: 'chunk',
      optional: true,
      summary: 'variable with a mask: where it is 0 the result is 0; it may be coarser than the chunk',
    }),
    maskVolumePath: flag.text({ summary: 'volume with a mask, instead of a variable' }),
    maskMip: flag.integer({ default: 5, minimum: 0, summary: 'scale of that volume' }),
    maskInverse: flag.boolean({ summary: 'voxels other than 0 of the mask are what is removed' }),
    device: flag.text({
      default: 'auto',
      summary: 'where the model runs: auto, cpu, cuda, cuda:1, webgpu; auto takes CUDA where it is found',
    }),
    threads: flag.integer({
      minimum: 1,
      defaultText: 'up to the framework',
      summary: 'threads the model may use',
    }),
    outputName: flag.text({
      defaultText: 'the first',
      summary: 'which output of an ONNX model that has several',
    }),
    python: flag.text({
      defaultText: 'CHUNKFLOW_PYTHON, else python3',
      summary: 'interpreter for frameworks that run Python files',
    }),
    explain: flag.boolean({ summary: 'print what would be done with each chunk, and end its task there' }),
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    outputKey: flag.text({ ignored: true, summary: 'of releases of 2019; has no effect' }),
    originalNumOutputChannels: flag.integer({ ignored: true, summary: 'of releases of 2019; has no effect' }),
  },
  services: { compute: COMPUTE, models: INFERENCE, volumes: VOLUMES },
  effects: 'read',
  timed: true,
  infer({ inputChunkName: input }, options) {
    checkMaskOptions(options)
    const geometry = geometryOf(options)
    const known = { kind: 'chunk', dtype: options.dtype, rank: 4 } as const
    if (input === undefined) return { outputChunkName: known }
    checkInput(input, options)
    if (input.shape === undefined || options.explain) return { outputChunkName: known }
    const { outputSize } = gridOf(geometry, input.shape, options)
    return { outputChunkName: { ...known, shape: [resultChannels(options), ...outputSize] } }
  },
  explain: ({ inputChunkName: input }, options) => explainInference(options, input ?? {}),
  estimate({ inputChunkName: input }, options) {
    if (input?.shape === undefined || options.explain) return undefined
    const geometry = geometryOf(options)
    const needs = memoryNeeds(
      geometry,
      gridOf(geometry, input.shape, options),
      options,
      { dtype: input.dtype ?? 'uint8', channels: input.shape.length === 4 ? input.shape[0]! : 1 },
      { channels: options.numOutputChannels, resultSize: geometry.outputPatchSize },
    )
    return { bytes: totalBytes(needs) }
  },
  create({ options, services: { compute, models, volumes }, globals, logger }) {
    const { framework } = options
    requireFramework(models, framework)
    const geometry = geometryOf(options)
    const findMask = createMaskFinder(options, volumes, { globalMip: globals.mip, logger })
    const weights = once(() => patchWeights(geometry.outputPatchSize, geometry.overlap))
    const blendKernels = createBlendKernels(compute)
    let loading: Promise<Model> | undefined
    let warned = false

    const load = (signal: AbortSignal): Promise<Model> => {
      loading ??= models.get(framework).then((backend) => {
        // weights that the model applies could not be moved with the affinities
        const patchWeights = options.augmentAffinity ? undefined : weights()
        const settings = { ...modelSettings(options, geometry), patchWeights, signal }
        return loadModel(backend, settings, geometry, { options, logger })
      })
      return loading
    }
    const prepare = (task: Task) => {
      const chunk = chunkOf(task, options.inputChunkName)
      checkInput(chunk, options)
      return { chunk, options, geometry, grid: gridOf(geometry, chunk.shape, options) }
    }
    const explain = (task: Task) => {
      const chunk = chunkOf(task, options.inputChunkName)
      for (const line of explainInference(options, chunk)) logger.result(line)
      return skip('--explain runs nothing', { outcome: 'defer' })
    }
    const onLeftOut = ({ blank, masked }: LeftOut): void => {
      if (blank + masked > 0)
        logger.info(`${blank + masked} patches did not need the model: ${blank} blank, ${masked} masked`)
    }

    async function infer(task: Task, context: RunContext): Promise<void> {
      const job = prepare(task)
      if (job.grid.unlikePatchNum && !warned)
        logger.warn('the chunk holds another number of patches than --patch-num; its own size is used')
      warned ||= job.grid.unlikePatchNum
      const mask = await findMask(task, job, context.signal)
      const model = await load(context.signal)
      task.log.compute_device = model.computeDevice
      const masking = mask === undefined ? {} : { mask }
      const result = await inferChunk({
        ...job,
        ...masking,
        model,
        weights: weights(),
        compute,
        blendKernels,
        context,
        onLeftOut,
      })
      task.set(options.outputChunkName, result)
    }

    return {
      run: (task, context) => (options.explain ? explain(task) : infer(task, context)),
      dryRun(task) {
        if (options.explain) return explain(task)
        const job = prepare(task)
        logger.info(`would run ${job.grid.patchCount} patches through a model of ${framework}`)
        task.set(options.outputChunkName, patternChunk(job))
        return undefined
      },
      async dispose() {
        const model = await loading?.catch(() => undefined)
        await model?.dispose?.()
      },
    }
  },
})

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
