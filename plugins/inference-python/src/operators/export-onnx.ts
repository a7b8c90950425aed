import {
  chunkflowError,
  defineOperator,
  FILES,
  flag,
  formatFlag,
  INFERENCE,
  PYTHON,
  type RunContext,
  zyx,
} from '@chunkflow/sdk'
import { type ExportReport, exportModel } from '../export-model.js'
import { findWeights, requireModel } from '../model-files.js'
import { ask } from '../problems.js'
import { loadArguments, startModelProcess } from '../python-session.js'

export default defineOperator({
  name: 'export-onnx',
  summary: 'Write a PyTorch model file and its weights as one ONNX file',
  description:
    'pre_process and post_process become part of the file. Batch and patch size stay free where the network allows. Before the file is kept, onnxruntime runs it on random patches, and the largest difference from PyTorch is printed; where it is too large there is no file. Stands alone: chunkflow export-onnx --convnet-model model.py --convnet-weight-path w.pt --input-patch-size 18 192 192 model.onnx',
  examples: [],
  flags: {
    convnetModel: flag.text({
      char: 'm',
      required: true,
      summary: 'model file, as for inference -f pytorch',
    }),
    convnetWeightPath: flag.text({ char: 'w', summary: 'its weights' }),
    inputPatchSize: flag.integers3({
      char: 's',
      aliases: ['patch-size'],
      required: true,
      minimum: 1,
      summary: 'a patch that the model reads, z y x',
    }),
    numInputChannels: flag.integer({ default: 1, minimum: 1, summary: 'channels the model reads' }),
    tolerance: flag.number({
      default: 1e-4,
      minimum: 0,
      summary: 'largest difference that is taken for rounding',
    }),
    python: flag.text({
      defaultText: 'CHUNKFLOW_PYTHON, else python3',
      summary: 'interpreter that has PyTorch',
    }),
    fileName: flag.text({ char: 'f', required: true, positional: true, summary: 'the .onnx file to write' }),
  },
  services: { python: PYTHON, files: FILES, models: INFERENCE },
  effects: 'write',
  create({ options, services: { python, files, models }, logger, assets }) {
    const { fileName, numInputChannels: inputChannels, tolerance } = options
    const inputPatchSize = zyx(...options.inputPatchSize)
    if (!models.has('onnx'))
      throw chunkflowError(
        'export-failed',
        'No installed plugin runs ONNX files, so the export cannot be checked',
        {
          fix: 'install the plugin inference-onnx',
        },
      )

    async function convert(path: string, { signal }: RunContext): Promise<ExportReport> {
      const settings = {
        framework: 'pytorch',
        modelPath: await requireModel(files, 'pytorch', options.convnetModel),
        weightPath: await findWeights(files, options.convnetWeightPath),
        inputPatchSize,
        outputPatchSize: inputPatchSize,
        outputChannels: 1,
        dtype: 'float32',
        device: 'cpu',
        python: options.python,
        signal,
      } as const
      const onnx = await models.get('onnx')
      const session = await startModelProcess(python, assets.python!, settings)
      try {
        await ask(session, 'load', [loadArguments(settings)], signal)
        return await exportModel(path, {
          session,
          onnx,
          inputChannels,
          inputPatchSize,
          tolerance,
          logger,
          signal,
        })
      } finally {
        await session.close()
      }
    }

    return {
      async run(_task, context) {
        let report: ExportReport | undefined
        await files.writeAtomic(fileName, async (path) => {
          report = await convert(path, context)
        })
        const { freedom, largestDifference, patches } = report!
        logger.result(`wrote ${files.resolve(fileName)}, which takes ${sizesText(freedom, inputPatchSize)}`)
        logger.result(
          `largest difference from PyTorch on ${patches} random patches: ${largestDifference.toExponential(2)}`,
        )
      },
      dryRun: () => logger.info(`would write ${files.resolve(fileName)}`),
    }
  },
})

function sizesText(freedom: ExportReport['freedom'], size: readonly number[]): string {
  if (freedom === 'all') return 'any batch size, and patches of any size the network takes'
  return `${freedom === 'batch' ? 'any batch size' : 'one patch at a time'}, and patches of ${formatFlag(size)} only`
}
