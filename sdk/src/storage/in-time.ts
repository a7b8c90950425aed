/**
 * The outcome of something that has no time-out of its own, such as fetching a token.
 * @throws an error that is transient when it takes too long; the reason of the signal when that comes first
 */
export async function inTime<T>(
  outcome: Promise<T> | T,
  { milliseconds, signal }: { readonly milliseconds: number; readonly signal?: AbortSignal | undefined },
): Promise<T> {
  signal?.throwIfAborted()
  let end = (): void => {}
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => reject(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      milliseconds,
    )
    const stop = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', stop, { once: true })
    end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
    }
  })
  try {
    return await Promise.race([outcome, late])
  } finally {
    end()
  }
}
