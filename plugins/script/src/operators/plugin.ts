import path from 'node:path'
import { COMPUTE, defineOperator, FILES, flag, PYTHON, type Task } from '@chunkflow/sdk'
import { findScript } from '../find-script.js'
import { readKeywords } from '../keywords.js'
import { assignOutputs } from '../outputs.js'
import type { ScriptRunner } from '../script-runner.js'

export default defineOperator({
  name: 'plugin',
  aliases: ['custom-operator'],
  summary: 'Run the function execute of a TypeScript, JavaScript or Python file',
  description: [
    'The file is a path, or a name that is looked for in the working directory, in ./plugins, among the built-in ones, in $CHUNKFLOW_PLUGIN_DIR and in ~/.local/share/chunkflow/plugins; .ts, .js, .mjs and .py are tried in this order. Inputs are passed by position; None passes null.',
    'Arguments are written key=value;key=value. Values may be numbers, (3,1,1), [1,2], quoted text, true, false, none; anything else is text. A text without =, and JSON, arrives whole as the keyword args. Options that are not listed here become keywords too: --min-size 3 is min_size=3.',
    'What execute returns goes to the output variables, a list one by one; without --output-names back to the inputs. Bare arrays become chunks around the middle of the first input chunk.',
    'Files can do anything that you can: in a dry run they are not run, and their results are null.',
  ].join('\n\n'),
  examples: [
    'create-chunk plugin -f median_filter -i chunk -o chunk --args "size=(3,1,1);mode=reflect"',
    'create-chunk plugin -f inverse -i chunk debug',
  ],
  flags: {
    inputNames: flag.inputs({
      char: 'i',
      aliases: ['input-chunk-name'],
      kind: 'any',
      default: [],
      defaultText: 'none',
      nullable: true,
      syntax: 'none',
      summary: 'variables passed by position, comma-separated',
    }),
    outputNames: flag.outputs({
      char: 'o',
      aliases: ['output-chunk-name'],
      kind: 'any',
      syntax: 'none',
      defaultText: 'the inputs, when something is returned',
      summary: 'variables to write, comma-separated',
    }),
    file: flag.text({
      char: 'f',
      aliases: ['opprogram'],
      required: true,
      summary: 'name or path of the file',
    }),
    args: flag.text({ char: 'a', summary: 'keyword arguments, or one text' }),
    python: flag.text({
      summary: 'interpreter for .py files',
      defaultText: '$CHUNKFLOW_PYTHON, else python3',
    }),
  },
  unknownFlags: 'collect',
  services: { compute: COMPUTE, files: FILES, python: PYTHON },
  effects: 'write',
  writes: ({ inputNames, outputNames }) => (outputNames === undefined ? inputNames : []),
  timed: 'plugin-1',
  async create({ options, services: { compute, files, python }, assets, logger }) {
    const { inputNames, outputNames } = options
    const { extra = {} } = options as { readonly extra?: Readonly<Record<string, unknown>> }
    const keywords = readKeywords(options.args, extra)
    const file = await findScript(options.file, files, {
      builtIn: assets.builtIn!,
      environment: process.env,
    })
    logger.debug(`plugin file ${file}`)
    let runner: ScriptRunner | undefined
    const open = async (): Promise<ScriptRunner> => {
      if (!file.endsWith('.py')) return (await import('../javascript-script.js')).openJavaScript(file)
      const { openPythonScript } = await import('../python-script.js')
      const script = new URL(`${assets.python!.href}/run_plugin.py`)
      return openPythonScript(file, { python, script, executable: options.python, logger })
    }
    const settings = { file: path.basename(file), inputNames, outputNames }
    return {
      async run(task, { signal }) {
        runner ??= await open()
        const inputs = inputNames.map((name) => inputOf(task, name))
        const returned = await runner.execute(inputs, keywords, { signal, logger, compute })
        assignOutputs(task, returned, inputs, settings)
      },
      dryRun(task) {
        logger.info(`dry run: ${file} left out`)
        for (const name of outputNames ?? inputNames) if (name !== 'None') task.set(name, null)
      },
      async dispose() {
        await runner?.dispose()
      },
    }
  },
})

const inputOf = (task: Task, name: string): unknown => (name === 'None' ? null : task.get(name))
