import type { KernelArgument, KernelCall } from '@chunkflow/sdk'

/** Posted buffers of 4 GiB and more arrive truncated, without an error: they never travel. */
const LARGEST_POSTED_BYTES = 2 ** 32 - 65536

const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

export const travels = (view: ArrayBufferView): boolean =>
  view.buffer instanceof SharedArrayBuffer && view.buffer.byteLength <= LARGEST_POSTED_BYTES

/** A view that can be posted, and what to do when the work is done. */
export function stage(
  view: ArrayBufferView,
  { copyIn, copyOut }: { copyIn: boolean; copyOut: boolean },
): { view: ArrayBufferView; finish(): void } {
  if (travels(view)) return { view, finish: () => {} }
  const shared = new Uint8Array(new SharedArrayBuffer(view.byteLength))
  if (copyIn) shared.set(bytesOf(view))
  return { view: shared, finish: () => (copyOut ? bytesOf(view).set(shared) : undefined) }
}

/** A call whose views can be posted. */
export function stageCall(call: KernelCall): { call: KernelCall; finish(): void } {
  const finishers: (() => void)[] = []
  const move = (view: ArrayBufferView, copyIn: boolean, copyOut: boolean): ArrayBufferView => {
    const staged = stage(view, { copyIn, copyOut })
    finishers.push(staged.finish)
    return staged.view
  }
  const args = call.args.map((argument): KernelArgument => {
    if (typeof argument === 'number') return argument
    if ('in' in argument) return { in: move(argument.in, true, false) }
    if ('out' in argument) return { out: move(argument.out, false, true) }
    if ('inout' in argument) return { inout: move(argument.inout, true, true) }
    return argument
  })
  return {
    call: { export: call.export, args },
    finish: () => {
      for (const finish of finishers) finish()
    },
  }
}
