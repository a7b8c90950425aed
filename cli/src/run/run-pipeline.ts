import { type Logger, optionalService, type Progress, token } from '@chunkflow/kernel/authoring'
import { createHost, type Pipeline, type Registry } from '@chunkflow/kernel/host'
import type { GlobalOptions } from '../chain/globals.js'
import { RunFailure } from './run-failure.js'
import { listenForSignals } from './signals.js'

const PROGRESS = token<Progress>('chunkflow.progress')

interface RunOptions extends Pick<GlobalOptions, 'quiet' | 'allowLateSource'> {
  /** Names of hooks to run, besides those of our own plugins. */
  readonly hooks: readonly string[]
}

/** Plans a pipeline, shows warnings, runs it. @returns the process's exit code: 0, or 1 when queue tasks failed */
export async function runPipeline(
  pipeline: Pipeline,
  registry: Registry,
  options: RunOptions,
  logger: Logger,
): Promise<number> {
  const host = createHost(registry)
  const plan = await host.plan(pipeline, { allowLateSource: options.allowLateSource })
  for (const warning of plan.warnings) logger.warn(warning)
  if (plan.globals.dryRun)
    logger.info('dry run: the work is planned and described, nothing is written or sent')
  const interrupts = listenForSignals((message) => logger.warn(message))
  try {
    const { failures } = await host.run(plan, {
      logger,
      signal: interrupts.signal,
      onInterrupt: interrupts.onInterrupt,
      hooks: [...options.hooks, ...(options.quiet ? [] : firstPartyHooks(registry))],
      progress: async (services) => {
        if (options.quiet) return silent
        const { progress } = await services.resolve({ progress: optionalService(PROGRESS) })
        return (progress as Progress | undefined) ?? silent
      },
    })
    return failures > 0 ? 1 : 0
  } catch (error) {
    throw new RunFailure(error)
  } finally {
    interrupts.release()
    await host.dispose()
  }
}

/** Hooks of our own plugins run always; those of installed ones only when named. */
const firstPartyHooks = (registry: Registry): string[] =>
  registry.plugins
    .filter(({ origin }) => origin === 'first-party')
    .flatMap(({ slice }) => slice.hooks.map(({ name }) => name))

const silent: Progress = { start: () => ({ advance: () => {}, end: () => {} }) }
