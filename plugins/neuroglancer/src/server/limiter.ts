/** Lets a few jobs run at once; those whose signal was aborted while they waited are left out. */
export interface Limiter {
  /** @returns undefined when nobody wants the result any more */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined>
}

export function createLimiter(atOnce: number): Limiter {
  const waiting: (() => void)[] = []
  let running = 0
  return {
    async run(signal, work) {
      if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
      else running += 1
      try {
        return signal.aborted ? undefined : await work()
      } finally {
        const next = waiting.shift()
        if (next === undefined) running -= 1
        else next()
      }
    },
  }
}
