import { createRequire } from 'node:module'

export interface MemoryWatch {
  /** Collects garbage if the process has grown much since it was last collected. */
  look(): void
  /** Stops looking by itself. */
  end(): void
}

export interface MemoryWatchSettings {
  /** Memory of the process, bytes. */
  readonly residentBytes?: () => number
  readonly collect?: () => void
  readonly everyMilliseconds?: number
}

/** A process may grow by this, or by a quarter, before its garbage is collected: that takes some 10 ms. */
const SLACK_BYTES = 2 ** 28

/**
 * Collects chunks that nobody uses any more. They lie on shared memory, which V8 does not count when it decides whether
 * to collect garbage: a run would keep the chunks of every task until memory ends. Looks four times a second, for long
 * steps; the runner looks after each step, since steps that never wait leave no time for timers.
 */
export function watchMemory({
  residentBytes = process.memoryUsage.rss,
  collect = garbageCollector(),
  everyMilliseconds = 250,
}: MemoryWatchSettings = {}): MemoryWatch {
  let settled = residentBytes()
  const look = (): void => {
    const now = residentBytes()
    if (now < settled + Math.max(SLACK_BYTES, settled / 4)) {
      // memory may also go some time after it was collected
      settled = Math.min(settled, now)
      return
    }
    collect()
    settled = residentBytes()
  }
  const timer = setInterval(look, everyMilliseconds)
  timer.unref()
  return { look, end: () => clearInterval(timer) }
}

/** V8 offers its collector to contexts that are made after the flag is set. */
function garbageCollector(): () => void {
  let exposed: (() => void) | undefined
  return () => {
    if (exposed === undefined) {
      // loaded now: most runs never need them
      const load = createRequire(import.meta.url)
      ;(load('node:v8') as typeof import('node:v8')).setFlagsFromString('--expose-gc')
      exposed = (load('node:vm') as typeof import('node:vm')).runInNewContext('gc') as () => void
    }
    exposed()
  }
}
