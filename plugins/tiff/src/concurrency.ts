/** Runs an action on every item, at most `limit` at a time. The first failure stops taking items and is thrown when the others are done. */
export async function forEachConcurrently<T>(
  items: Iterable<T>,
  limit: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failed = false
  const work = async (): Promise<void> => {
    while (!failed) {
      try {
        const next = iterator.next()
        if (next.done) return
        await action(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: limit }, work))
  const failure = results.find((result) => result.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}

/** The results of an action in the order of the items, computed up to `limit` items ahead. */
export async function* mapAhead<T, R>(
  items: Iterable<T>,
  limit: number,
  action: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const pending: Promise<R>[] = []
  for (const item of items) {
    const result = action(item)
    // a failure is met when its turn comes; until then it must not count as unhandled
    result.catch(() => {})
    pending.push(result)
    if (pending.length >= limit) yield await pending.shift()!
  }
  while (pending.length > 0) yield await pending.shift()!
}
