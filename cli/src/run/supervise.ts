import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Logger } from '@chunkflow/kernel/authoring'
import { listenForSignals } from './signals.js'

/** Before a worker that died is started again; doubled each time it dies soon. */
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000
/** A worker that lived so long died of its task, not of its start. */
const SETTLED_MS = 60_000

/**
 * Runs the command in several processes. One that is killed (by a system without memory, for instance) is started again: its
 * task goes back to the queue by itself. Lines that processes write are marked with their number.
 * @param argv of each of them
 * @returns the largest exit code
 */
export async function supervise(
  processes: number,
  argv: readonly string[],
  logger: Pick<Logger, 'warn' | 'error'>,
): Promise<number> {
  const children = new Set<ChildProcess>()
  const { signal, release } = listenForSignals((message) => logger.warn(message))
  const stop = (): void => {
    for (const child of children) child.kill('SIGTERM')
  }
  signal.addEventListener('abort', stop)
  // also what a second signal does: it is the second one for the workers, too, which end at once
  process.on('exit', stop)
  // the terminal goes away
  const hangUp = (): void => void process.kill(process.pid, 'SIGTERM')
  process.on('SIGHUP', hangUp)

  async function keepOne(number: number): Promise<number> {
    for (let pause = FIRST_PAUSE_MS; ; ) {
      const started = Date.now()
      const { code, killedBy } = await runOnce(number, argv, children)
      if (signal.aborted) return 1
      if (code !== null) return code
      if (Date.now() - started > SETTLED_MS) pause = FIRST_PAUSE_MS
      logger.error(`worker ${number} was killed (${killedBy}); it starts again in ${pause / 1000} s`)
      await sleepUnless(signal, pause)
      if (signal.aborted) return 1
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
    }
  }

  try {
    const codes = await Promise.all(Array.from({ length: processes }, (_, index) => keepOne(index + 1)))
    return Math.max(...codes)
  } finally {
    // there are some left only when another one could not be started
    stop()
    process.off('exit', stop)
    process.off('SIGHUP', hangUp)
    release()
  }
}

async function runOnce(
  number: number,
  argv: readonly string[],
  children: Set<ChildProcess>,
): Promise<{ readonly code: number | null; readonly killedBy: NodeJS.Signals | null }> {
  // a group of its own: Ctrl-C reaches the supervisor, which passes it on once
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  children.add(child)
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const)
    createInterface({ input: from }).on('line', (line) => to.write(`[${number}] ${line}\n`))
  const ended = new Promise<{ code: number | null; killedBy: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, killedBy) => resolve({ code, killedBy }))
  })
  try {
    return await ended
  } finally {
    children.delete(child)
  }
}

const sleepUnless = (signal: AbortSignal, milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
