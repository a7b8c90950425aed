/** Messages for people, on stderr. `result` is what the user asked for and goes to stdout. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
  /** A line of the operator's result, on stdout, whatever the log level. */
  result(line: string): void
}

export interface ProgressBar {
  /** Adds to what is done. */
  advance(amount?: number): void
  /** Removes the bar; done or not. */
  end(): void
}

export interface Progress {
  /** @param total in units, undefined when unknown */
  start(label: string, total: number | undefined, unit?: string): ProgressBar
}

export const SILENT_PROGRESS: Progress = Object.freeze({
  start: () => ({ advance: () => {}, end: () => {} }),
})
