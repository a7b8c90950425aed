import { COMPUTE, chunkOf, defineOperator, flag, INFERENCE, type Model, type Task } from '@chunkflow/sdk'
import { inferChunk, patternChunk } from '../infer-chunk.js'
import { loadModel, modelSettings, requireFramework } from '../load-model.js'
import { checkInput, geometryOf, gridOf, memoryNeeds, resultChannels, totalBytes } from '../settings.js'
import { patchWeights } from '../weights.js'

export default defineOperator({
  name: 'inference',
  summary: 'Run a convolutional network over a chunk, patch by patch, and blend the results',
  description: [
    'The chunk is cut into overlapping patches; the results are weighted with a bump and added up. Without --mask-output-chunk the chunk must be a whole number of patches, and the overlap is cropped from the result; with it any size works and the result covers the whole chunk.',
    '--framework names a backend of an installed plugin: "onnx" reads an .onnx file, "pytorch" and "universal" run Python files, "identity" needs no model and returns its input.',
  ].join('\n\n'),
  examples: [
    'create-chunk --size 36 448 448 inference --input-patch-size 20 256 256 --patch-num 2 2 2 --framework identity --batch-size 3',
    'create-chunk --size 12 70 90 inference -s 8 48 48 -v 2 16 16 -f identity -c 1 --mask-output-chunk',
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
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    outputKey: flag.text({ ignored: true, summary: 'of releases of 2019; has no effect' }),
    originalNumOutputChannels: flag.integer({ ignored: true, summary: 'of releases of 2019; has no effect' }),
  },
  services: { compute: COMPUTE, models: INFERENCE },
  effects: 'read',
  timed: true,
  infer({ inputChunkName: input }, options) {
    const geometry = geometryOf(options)
    const known = { kind: 'chunk', dtype: options.dtype, rank: 4 } as const
    if (input === undefined) return { outputChunkName: known }
    checkInput(input, options)
    if (input.shape === undefined) return { outputChunkName: known }
    const { outputSize } = gridOf(geometry, input.shape, options)
    return { outputChunkName: { ...known, shape: [resultChannels(options), ...outputSize] } }
  },
  estimate({ inputChunkName: input }, options) {
    if (input?.shape === undefined) return undefined
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
  create({ options, services: { compute, models }, logger }) {
    const { framework } = options
    requireFramework(models, framework)
    const geometry = geometryOf(options)
    const settings = modelSettings(options, geometry)
    let weights: Float32Array | undefined
    let loading: Promise<Model> | undefined
    let warned = false
    const load = (): Promise<Model> => {
      loading ??= models
        .get(framework)
        .then((backend) => loadModel(backend, settings, geometry, { augment: options.augment, logger }))
      return loading
    }
    const prepare = (task: Task) => {
      const chunk = chunkOf(task, options.inputChunkName)
      checkInput(chunk, options)
      return { chunk, options, geometry, grid: gridOf(geometry, chunk.shape, options) }
    }
    return {
      async run(task, context) {
        const job = prepare(task)
        if (job.grid.unlikePatchNum && !warned)
          logger.warn('the chunk holds another number of patches than --patch-num; its own size is used')
        warned ||= job.grid.unlikePatchNum
        const model = await load()
        task.log.compute_device = model.computeDevice
        weights ??= patchWeights(geometry.outputPatchSize, geometry.overlap)
        task.set(options.outputChunkName, await inferChunk({ ...job, model, weights, compute, context }))
      },
      dryRun(task) {
        const job = prepare(task)
        logger.info(`would run ${job.grid.patchCount} patches through a model of ${framework}`)
        task.set(options.outputChunkName, patternChunk(job))
      },
      async dispose() {
        const model = await loading?.catch(() => undefined)
        await model?.dispose?.()
      },
    }
  },
})
