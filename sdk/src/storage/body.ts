import type { Readable } from 'node:stream'

export interface BodySettings {
  /** What the header promises; undefined when nothing does. */
  readonly expectedBytes: number | undefined
  /** The longest pause between two pieces. */
  readonly idleTimeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** An answer that is shorter or longer than promised. Deserves another try. */
const truncated = (bytes: number, expected: number): Error =>
  Object.assign(new Error(`${bytes} bytes came instead of ${expected}`), { code: 'ETRUNCATED' })

/**
 * All bytes of a stream, in memory of their own.
 * @throws an error that is transient when the stream is cut short or pauses for too long
 */
export async function collectBody(
  stream: Readable,
  { expectedBytes, idleTimeoutMs, signal }: BodySettings,
): Promise<Uint8Array> {
  const stop = (): void => void stream.destroy(signal?.reason as Error)
  const timer = setTimeout(
    () => stream.destroy(Object.assign(new Error('no data for too long'), { code: 'ETIMEDOUT' })),
    idleTimeoutMs,
  )
  signal?.addEventListener('abort', stop, { once: true })
  try {
    signal?.throwIfAborted()
    const whole = expectedBytes === undefined ? undefined : allocate(expectedBytes)
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      timer.refresh()
      if (whole === undefined) pieces.push(piece)
      else if (bytes + piece.length > whole.length) throw truncated(bytes + piece.length, whole.length)
      else whole.set(piece, bytes)
      bytes += piece.length
    }
    if (whole === undefined) return join(pieces, bytes)
    if (bytes !== whole.length) throw truncated(bytes, whole.length)
    return whole
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    stream.destroy()
  }
}

/** Not from the pool, which is shared, and not zeroed: it is filled at once. */
const allocate = (bytes: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer)

function join(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = allocate(bytes)
  let position = 0
  for (const piece of pieces) {
    whole.set(piece, position)
    position += piece.length
  }
  return whole
}
