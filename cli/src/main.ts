import { chunkflowError, formatChunkflowError, isChunkflowError } from '@chunkflow/kernel/authoring'
import { runChainCommand } from './commands/chain.js'
import { isHostCommand, runHostCommand } from './commands/index.js'
import { createLogger } from './console/logger.js'
import { redactAddresses } from './console/redact.js'
import { openRegistry } from './discovery/registry.js'
import { RunFailure } from './run/run-failure.js'

/**
 * The command `chunkflow`: a host command such as `plan` or `doctor`, or a chain of operators.
 * @returns exit code: 0 success, 1 failed while running, 2 refused before running
 */
export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // the reader of a pipe went away: nothing left to say
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  try {
    const [first] = argv
    if (first !== undefined && isHostCommand(first)) return await runHostCommand(first, argv.slice(1))
    return await runChainCommand(argv, await openRegistry())
  } catch (error) {
    return report(
      await suggestPackages(error),
      argv.some((word) => word === '--verbose' || word === '--log-level=debug'),
    )
  }
}

/** An unknown operator may be in a package that a configured registry lists. */
async function suggestPackages(error: unknown): Promise<unknown> {
  const { unknownOperatorOf } = await import('@chunkflow/kernel/host')
  const operator = unknownOperatorOf(error)
  if (operator === undefined || !isChunkflowError(error)) return error
  try {
    const { packageAdvice } = await import('./discovery/package-advice.js')
    return chunkflowError(error.code, error.what, { fix: await packageAdvice(operator, error.fix) })
  } catch (other) {
    // a configuration that cannot be read
    return other
  }
}

function report(error: unknown, verbose: boolean): number {
  const failedRunning = error instanceof RunFailure
  const cause = failedRunning ? error.cause : error
  const known = isChunkflowError(cause)
    ? cause
    : chunkflowError('unexpected', cause instanceof Error ? cause.message : String(cause), { cause })
  createLogger({ level: 'error', file: undefined }).error(formatChunkflowError(known))
  if (verbose || known.code === 'unexpected') {
    const root = known.cause instanceof Error ? known.cause : known
    if (verbose) process.stderr.write(`${redactAddresses(root.stack ?? '')}\n`)
  }
  return failedRunning ? 1 : 2
}
