import { chunkflowError, type KernelArgument, type KernelCall } from '@chunkflow/sdk'

/** A shared buffer of 4 GiB or more arrives in a worker truncated, without an error: it must never travel. */
const LARGEST_POSTED_BYTES = 2 ** 32 - 65536
/** Staging buffers kept for the next call: touching fresh memory costs more than the copy. */
const KEPT_BYTES = 2 ** 28

const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

const travels = (view: ArrayBufferView): boolean =>
  view.buffer instanceof SharedArrayBuffer && view.buffer.byteLength <= LARGEST_POSTED_BYTES

const tooLarge = (bytes: number) =>
  chunkflowError('compute-buffer-too-large', `${bytes} bytes cannot be sent to a worker at once`, {
    fix: 'this is a mistake of the plugin: it must send slabs, on shared buffers of less than 4 GiB',
  })

/** Refuses a message that would arrive truncated. Looks into plain objects and short lists. @throws compute-buffer-too-large */
export function refuseHugeBuffers(value: unknown, depth = 4): void {
  if (typeof value !== 'object' || value === null) return
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value
  if (buffer instanceof SharedArrayBuffer) {
    if (buffer.byteLength > LARGEST_POSTED_BYTES) throw tooLarge(buffer.byteLength)
  } else if (depth > 0 && !ArrayBuffer.isView(value)) {
    const members = Array.isArray(value) ? value.slice(0, 1000) : Object.values(value)
    for (const member of members) refuseHugeBuffers(member, depth - 1)
  }
}

/** A view that can be posted. */
interface Staged {
  readonly view: ArrayBufferView
  /** Copies results back. */
  finish(): void
  /** Gives the memory back; the worker must be done with it. */
  release(): void
}

/** Copies views that cannot be posted as they are through shared buffers, which are used again. */
export class Staging {
  readonly #free: SharedArrayBuffer[] = []
  #freeBytes = 0

  stage(view: ArrayBufferView, { copyIn, copyOut }: { copyIn: boolean; copyOut: boolean }): Staged {
    if (travels(view)) return { view, finish: () => {}, release: () => {} }
    const buffer = this.#take(view.byteLength)
    const shared = new Uint8Array(buffer, 0, view.byteLength)
    if (copyIn) shared.set(bytesOf(view))
    return {
      view: shared,
      finish: () => {
        if (copyOut) bytesOf(view).set(shared)
      },
      release: () => this.#giveBack(buffer),
    }
  }

  /** A call whose views can be posted. */
  stageCall(call: KernelCall): Omit<Staged, 'view'> & { readonly call: KernelCall } {
    const staged: Staged[] = []
    const release = (): void => {
      for (const one of staged) one.release()
    }
    const move = (view: ArrayBufferView, copyIn: boolean, copyOut: boolean): ArrayBufferView => {
      const one = this.stage(view, { copyIn, copyOut })
      staged.push(one)
      return one.view
    }
    try {
      const args = call.args.map((argument): KernelArgument => {
        if (typeof argument === 'number') return argument
        if ('in' in argument) return { in: move(argument.in, true, false) }
        if ('out' in argument) return { out: move(argument.out, false, true) }
        if ('inout' in argument) return { inout: move(argument.inout, true, true) }
        return argument
      })
      const finish = (): void => {
        for (const one of staged) one.finish()
      }
      return { call: { export: call.export, args }, finish, release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** The smallest free buffer that is large enough and not wastefully so, else a new one. */
  #take(bytes: number): SharedArrayBuffer {
    if (bytes > LARGEST_POSTED_BYTES) throw tooLarge(bytes)
    const fitting = this.#free.filter(
      ({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes + 65536,
    )
    const best = fitting.sort((left, right) => left.byteLength - right.byteLength)[0]
    if (best === undefined) return new SharedArrayBuffer(bytes)
    this.#free.splice(this.#free.indexOf(best), 1)
    this.#freeBytes -= best.byteLength
    return best
  }

  #giveBack(buffer: SharedArrayBuffer): void {
    this.#free.push(buffer)
    this.#freeBytes += buffer.byteLength
    while (this.#freeBytes > KEPT_BYTES) this.#freeBytes -= this.#free.shift()!.byteLength
  }
}
