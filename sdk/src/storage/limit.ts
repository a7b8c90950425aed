/** Runs at most so many actions at once, in the order they come. */
export type Limit = <T>(action: () => Promise<T>) => Promise<T>

export function limitConcurrency(most: number): Limit {
  let running = 0
  const waiting: (() => void)[] = []
  return async (action) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await action()
    } finally {
      // the place goes to the next in line, or becomes free
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
