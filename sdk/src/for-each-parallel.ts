/**
 * Works through items, at most `limit` at once. After the first failure, or an abort, nothing new is started; what is under
 * way ends before the error is thrown, so that no work goes on behind the caller's back.
 * @param work also told which of the `limit` lanes it runs in, counted from 0: each lane does one item at a time
 * @throws the first failure, the reason of the abort
 */
export async function forEachParallel<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  signal: AbortSignal | undefined,
  work: (item: T, lane: number) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  const failures: unknown[] = []
  const run = async (lane: number): Promise<void> => {
    while (failures.length === 0) {
      try {
        signal?.throwIfAborted()
        const next = await iterator.next()
        // another lane may have failed while this one waited
        if (next.done === true || failures.length > 0) return
        signal?.throwIfAborted()
        await work(next.value, lane)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, limit) }, (_, lane) => run(lane)))
  if (failures.length === 0) return
  await iterator.return?.()
  throw failures[0]
}
