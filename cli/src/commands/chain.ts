import { writeFile } from 'node:fs/promises'
import { parseOptions, type RawOptions } from '@chunkflow/kernel/authoring'
import type { Pipeline, Registry } from '@chunkflow/kernel/host'
import { GLOBAL_FLAGS, type GlobalOptions } from '../chain/globals.js'
import { type ScannedChain, scanChain } from '../chain/scan.js'
import { type Configuration, readConfiguration } from '../configuration/configuration.js'
import { createLogger } from '../console/logger.js'
import { enabledHooks } from '../run/enabled-hooks.js'
import { runPipeline } from '../run/run-pipeline.js'

/** Parses the options before the first operator; what is not given comes from the configuration. */
export function parseGlobals(
  chain: ScannedChain,
  { defaults }: Pick<Configuration, 'defaults'>,
): GlobalOptions {
  const raw = { ...defaults, ...chain.globals } as RawOptions
  return parseOptions({ name: 'chunkflow', flags: GLOBAL_FLAGS }, raw) as unknown as GlobalOptions
}

/** A scanned command line as a pipeline: explicit values only, typed. */
export function pipelineOf(chain: ScannedChain, globals: Pick<GlobalOptions, 'mip' | 'dryRun'>): Pipeline {
  return {
    schema: 1,
    globals: {
      ...(globals.mip === 0 ? {} : { mip: globals.mip }),
      ...(globals.dryRun ? { dryRun: true } : {}),
    },
    steps: chain.steps.map(({ entry, options }) => {
      const parsed = parseOptions(entry, options)
      const { name, ...rest } = Object.fromEntries(
        Object.keys(options).map((key) => [key, parsed[key]]),
      ) as Record<string, never>
      const explicit = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
      return { operator: entry.name, ...(name === undefined ? {} : { name }), options: explicit }
    }),
  }
}

export const loggerFor = (globals: GlobalOptions) =>
  createLogger({
    level: globals.verbose
      ? 'debug'
      : globals.quiet && globals.logLevel === 'info'
        ? 'warning'
        : globals.logLevel,
    file: globals.logFile,
  })

/** A command line of operators. Without any, the list of them. */
export async function runChainCommand(argv: readonly string[], registry: Registry): Promise<number> {
  const chain = scanChain(argv, registry)
  if (chain.help !== undefined || chain.steps.length === 0) {
    const { printHelp } = await import('../help/help.js')
    return printHelp(registry, chain.help ?? undefined)
  }
  const configuration = await readConfiguration()
  const globals = parseGlobals(chain, configuration)
  const pipeline = pipelineOf(chain, globals)
  const logger = loggerFor(globals)
  if (globals.savePipeline !== undefined) {
    const { createHost } = await import('@chunkflow/kernel/host')
    await createHost(registry).plan(pipeline, { allowLateSource: globals.allowLateSource })
    // nothing runs now: a dry run would be one of whoever runs the file
    const saved = pipelineOf(chain, { ...globals, dryRun: false })
    await writeFile(globals.savePipeline, `${JSON.stringify(saved, null, 2)}\n`)
    logger.info(`saved ${globals.savePipeline}; run it with: chunkflow run ${globals.savePipeline}`)
    return 0
  }
  return runPipeline(
    pipeline,
    registry,
    { ...globals, hooks: enabledHooks(registry, globals, configuration, logger) },
    logger,
  )
}
