import type { Logger, Progress } from '@chunkflow/sdk'
import { createProgress } from './progress.js'

/** PROGRESS on this process's standard error; plain lines go through the logger, so that its level and file apply. */
export function createProcessProgress(
  logger: Logger,
  environment: NodeJS.ProcessEnv = process.env,
): Progress & { dispose(): void } {
  const { stderr, stdout } = process
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || ''
  return createProgress({
    isTerminal: stderr.isTTY === true && environment.TERM !== 'dumb',
    stream: stderr as never,
    neighbours: stdout.isTTY ? [stdout as never] : [],
    columns: () => stderr.columns || 80,
    rows: () => stderr.rows || 24,
    // any value but the empty one asks for no colour (no-color.org)
    colour: !environment.NO_COLOR,
    unicode: /utf-?8/i.test(locale),
    say: (line) => logger.info(line),
  })
}
