import path from 'node:path'
import {
  chunkflowError,
  type Logger,
  type Python,
  type PythonSession,
  type PythonValue,
} from '@chunkflow/sdk'
import type { Keyword } from './keywords.js'
import { fromPython, toPython } from './python-values.js'
import type { ScriptRunner } from './script-runner.js'

export interface PythonScriptSettings {
  readonly python: Python
  /** `run_plugin.py` */
  readonly script: URL
  readonly executable: string | undefined
  readonly logger: Logger
}

/** A `.py` file, run in a process that lives as long as the step. */
export function openPythonScript(file: string, settings: PythonScriptSettings): ScriptRunner {
  let session: PythonSession | undefined
  const start = async (signal: AbortSignal): Promise<PythonSession> => {
    const { python, script, executable, logger } = settings
    const started = await python.start({
      script,
      label: path.basename(file),
      signal,
      print: (line) => logger.result(line),
      ...(executable === undefined ? {} : { executable }),
    })
    session = started
    if ((await started.call('load', [file])) !== true)
      throw chunkflowError('plugin-file-invalid', `${path.basename(file)} has no function execute`, {
        where: file,
        fix: 'define execute(chunk, ...) in it',
      })
    return started
  }
  return {
    async execute(inputs, keywords, { signal }) {
      const open = session ?? (await start(signal))
      const given = inputs.map((value, index) => toPython(value, `input ${index + 1}`))
      return fromPython(await open.call('execute', [given, keywords.map(toTriple)]))
    },
    async dispose() {
      await session?.close()
    },
  }
}

/** Texts are read as literals there: a tuple stays one, and 1.0 does not become 1. */
const toTriple = (keyword: Keyword): PythonValue =>
  'text' in keyword
    ? [keyword.name, true, keyword.text]
    : [keyword.name, false, toPython(keyword.value, keyword.name)]
