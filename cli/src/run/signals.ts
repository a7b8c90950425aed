import type { RunContext } from '@chunkflow/kernel/authoring'

export interface Interrupts {
  readonly signal: AbortSignal
  readonly onInterrupt: RunContext['onInterrupt']
  /** Stops listening. */
  release(): void
}

/**
 * The first SIGINT or SIGTERM stops the run in an orderly way (or ends a waiting viewer, for SIGINT); a second one ends the process.
 */
export function listenForSignals(announce: (message: string) => void): Interrupts {
  const controller = new AbortController()
  const handlers: (() => void)[] = []
  const stop = (name: NodeJS.Signals): void => {
    const handler = name === 'SIGINT' ? handlers.at(-1) : undefined
    if (handler !== undefined) {
      handlers.pop()
      handler()
      return
    }
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
    announce(`${name}: stopping; once more to stop at once`)
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    onInterrupt: (handler) => {
      handlers.push(handler)
      return () => {
        const index = handlers.indexOf(handler)
        if (index >= 0) handlers.splice(index, 1)
      }
    },
    release: () => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
