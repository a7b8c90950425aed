import { allocate, dtypeOfArray, type TypedArray } from '@chunkflow/sdk'

/** Workers receive shared buffers up to this size; larger ones arrive cut short without an error. */
export const POSTABLE_BYTES = 65535 * 65536

/** Moves runs of elements between an array of any size and kernel sessions. */
export interface ArrayPort {
  /** Calls `send` with a view that holds these elements. */
  read(first: number, count: number, send: (view: TypedArray) => Promise<void>): Promise<void>
  /** Calls `receive` with a view to fill with these elements. */
  write(first: number, count: number, receive: (view: TypedArray) => Promise<void>): Promise<void>
}

/**
 * Views of the array itself where workers can have them; else one run after another through a small shared buffer.
 * @param longest elements of the longest run
 */
export function arrayPort(data: TypedArray, longest: number, postableBytes = POSTABLE_BYTES): ArrayPort {
  const part = (first: number, count: number) => data.subarray(first, first + count) as TypedArray
  if (data.buffer instanceof SharedArrayBuffer && data.buffer.byteLength <= postableBytes) {
    const direct: ArrayPort['read'] = (first, count, use) => use(part(first, count))
    return { read: direct, write: direct }
  }
  const stage = allocate(dtypeOfArray(data), longest) as Float32Array
  let last: Promise<void> = Promise.resolve()
  const inTurn = (job: () => Promise<void>): Promise<void> => {
    last = last.then(job)
    return last
  }
  return {
    read: (first, count, send) =>
      inTurn(() => {
        const view = stage.subarray(0, count)
        view.set(part(first, count) as Float32Array)
        return send(view)
      }),
    write: (first, count, receive) =>
      inTurn(async () => {
        const view = stage.subarray(0, count)
        await receive(view)
        ;(data as Float32Array).set(view, first)
      }),
  }
}
