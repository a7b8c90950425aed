import type { Progress } from '@chunkflow/sdk'
import { type BarState, formatBar, formatLine } from './format.js'
import { type OutputStream, TerminalBars } from './terminal-bars.js'

export interface ProgressSettings {
  /** A terminal gets bars; anything else gets lines through `say`. */
  readonly isTerminal: boolean
  readonly stream: OutputStream
  /** Other streams of the same terminal. */
  readonly neighbours?: readonly OutputStream[]
  readonly columns?: () => number
  readonly rows?: () => number
  /** Milliseconds that never go back. */
  readonly now?: () => number
  readonly colour?: boolean
  readonly unicode?: boolean
  /** Takes a plain line, without its end. */
  readonly say: (line: string) => void
}

/** Between two lines of one job. */
const LINE_MS = 10_000
/** Shorter jobs get no line at their end. */
const WORTH_A_LINE_MS = 2_000

/** PROGRESS: bars on a terminal; elsewhere at most one line in 10 s a job, and one at the end of jobs of over 2 s. */
export function createProgress(settings: ProgressSettings): Progress & { dispose(): void } {
  const { now = () => performance.now(), columns = () => 80, rows = () => 24, say } = settings
  const { colour = false, unicode = false } = settings
  const bars = new TerminalBars({
    stream: settings.stream,
    neighbours: settings.neighbours ?? [],
    columns,
    rows,
    now,
    format: (state, width) => formatBar(state, { width, colour, unicode }),
  })

  return {
    start(label, total, unit) {
      const startedMs = now()
      let done = 0
      let ended = false
      let lineMs = startedMs
      const state = (): BarState => ({
        label,
        done,
        total,
        unit,
        elapsedSeconds: (now() - startedMs) / 1000,
      })
      const bar = { startedMs, state }
      if (settings.isTerminal) bars.add(bar)
      return {
        advance(amount = 1) {
          if (ended) return
          done += amount
          // the timer does not come while work never waits
          if (settings.isTerminal) bars.refresh()
          else if (now() - lineMs >= LINE_MS) {
            lineMs = now()
            say(formatLine(state(), false))
          }
        },
        end() {
          if (ended) return
          ended = true
          if (settings.isTerminal) bars.remove(bar)
          else if (done > 0 && now() - startedMs > WORTH_A_LINE_MS) say(formatLine(state(), true))
        },
      }
    },
    dispose: () => bars.clear(),
  }
}
