/** Requests that are under way at once. */
const REQUESTS = 16

/** Does something for every item, some at a time; after a failure nothing new is begun. @throws the first failure */
export async function inParallel<T>(
  items: readonly T[],
  action: (item: T) => Promise<void>,
  atOnce = REQUESTS,
): Promise<void> {
  let next = 0
  let failed = false
  async function lane(): Promise<void> {
    while (!failed && next < items.length) {
      const item = items[next++]!
      try {
        await action(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = Array.from({ length: Math.min(atOnce, items.length) }, lane)
  for (const result of await Promise.allSettled(lanes)) if (result.status === 'rejected') throw result.reason
}
