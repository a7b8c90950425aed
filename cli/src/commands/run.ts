import { chunkflowError } from '@chunkflow/kernel/authoring'
import { readPipeline } from '@chunkflow/kernel/host'
import { scanChain } from '../chain/scan.js'
import { readConfiguration } from '../configuration/configuration.js'
import { openRegistry } from '../discovery/registry.js'
import { enabledHooks } from '../run/enabled-hooks.js'
import { readJsonFile } from '../run/read-json-file.js'
import { runPipeline } from '../run/run-pipeline.js'
import { loggerFor, parseGlobals } from './chain.js'

/** `chunkflow run [global options] pipeline.json`. */
export async function run(argv: readonly string[]): Promise<number> {
  const registry = await openRegistry()
  const file = argv.at(-1)
  if (file === undefined || file.startsWith('-'))
    throw chunkflowError('flag-missing', 'Which pipeline file?', {
      where: 'run',
      fix: 'chunkflow run pipeline.json; --save-pipeline FILE writes one',
    })
  const configuration = await readConfiguration()
  const globals = parseGlobals(scanChain(argv.slice(0, -1), registry), configuration)
  const pipeline = readPipeline(await readJsonFile(file), file)
  const merged = {
    ...pipeline,
    globals: {
      ...pipeline.globals,
      ...(globals.mip === 0 ? {} : { mip: globals.mip }),
      ...(globals.dryRun ? { dryRun: true } : {}),
    },
  }
  const logger = loggerFor(globals)
  const hooks = enabledHooks(registry, globals, configuration, logger)
  return runPipeline(merged, registry, { ...globals, hooks }, logger)
}
