import type { BarState } from './format.js'

/** The part of a stream that drawing needs. */
export interface OutputStream {
  write(text: string | Uint8Array, ...more: unknown[]): boolean
}

export interface TerminalSettings {
  /** Where the lines are drawn. */
  readonly stream: OutputStream
  /** Other streams that end on the same terminal: what is written there must not be mixed with the lines. */
  readonly neighbours: readonly OutputStream[]
  readonly columns: () => number
  readonly rows: () => number
  /** Milliseconds. */
  readonly now: () => number
  readonly format: (state: BarState, width: number) => string
}

const REDRAW_MS = 100
/** Work that is over before shows nothing. */
const FIRST_DRAWN_MS = 300

export interface TerminalBar {
  readonly startedMs: number
  state(): BarState
}

/**
 * Lines at the bottom of a terminal, one a bar, redrawn at most ten times a second. While they are on the screen, what
 * anybody writes takes their place and they move below it; afterwards nothing of them is left.
 */
export class TerminalBars {
  readonly #settings: TerminalSettings
  readonly #bars = new Set<TerminalBar>()
  #drawn = 0
  #drawnMs = Number.NEGATIVE_INFINITY
  /** Somebody else's line has no end yet: it must not be written behind. */
  #lineOpen = false
  #stop: (() => void) | undefined
  #write: (text: string) => void = () => {}

  constructor(settings: TerminalSettings) {
    this.#settings = settings
  }

  add(bar: TerminalBar): void {
    this.#bars.add(bar)
    this.#stop ??= this.#begin()
  }

  remove(bar: TerminalBar): void {
    if (!this.#bars.delete(bar)) return
    if (this.#bars.size > 0) {
      if (this.#drawn > 0) this.draw()
      return
    }
    this.#clear()
    this.#stop?.()
    this.#stop = undefined
  }

  /** Draws, unless it was done a moment ago. */
  refresh(): void {
    if (this.#settings.now() - this.#drawnMs >= REDRAW_MS) this.draw()
  }

  draw(): void {
    const { columns, rows, now, format } = this.#settings
    if (this.#lineOpen) return
    const shown = [...this.#bars]
      .filter((bar) => now() - bar.startedMs >= FIRST_DRAWN_MS)
      .slice(0, Math.max(1, rows() - 1))
    // the last column stays free: a full line would wrap
    const lines = shown.map((bar) => format(bar.state(), Math.max(1, columns() - 1)))
    this.#drawnMs = now()
    if (lines.length === 0 && this.#drawn === 0) return
    this.#write(`${this.#home()}${lines.map((line) => `${line}\x1b[K`).join('\n')}\x1b[J`)
    this.#drawn = lines.length
  }

  /** Removes all bars. */
  clear(): void {
    for (const bar of [...this.#bars]) this.remove(bar)
  }

  #clear(): void {
    if (this.#drawn > 0) this.#write(`${this.#home()}\x1b[J`)
    this.#drawn = 0
  }

  /** Back to the beginning of the first line. */
  #home(): string {
    return `\r${this.#drawn > 1 ? `\x1b[${this.#drawn - 1}A` : ''}`
  }

  #begin(): () => void {
    const { stream, neighbours } = this.#settings
    const write = stream.write
    this.#write = (text) => void write.call(stream, text)
    const restore = [stream, ...neighbours].map((one) =>
      beforeWriting(one, (text) => {
        this.#clear()
        this.#lineOpen = !endsLine(text)
      }),
    )
    const timer = setInterval(() => this.refresh(), REDRAW_MS)
    timer.unref()
    return () => {
      clearInterval(timer)
      for (const undo of restore) undo()
    }
  }
}

const endsLine = (text: string | Uint8Array): boolean =>
  text.length === 0 || (typeof text === 'string' ? text.endsWith('\n') : text.at(-1) === 10)

/** @returns the function that makes the stream as it was */
function beforeWriting(stream: OutputStream, action: (text: string | Uint8Array) => void): () => void {
  const inherited = !Object.hasOwn(stream, 'write')
  const original = stream.write
  const watched: OutputStream['write'] = (text, ...more) => {
    action(text)
    return original.call(stream, text, ...more)
  }
  stream.write = watched
  return () => {
    // whoever else took it over in the meantime keeps it
    if (stream.write !== watched) return
    if (inherited) Reflect.deleteProperty(stream, 'write')
    else stream.write = original
  }
}
