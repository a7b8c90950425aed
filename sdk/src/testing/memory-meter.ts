import { isAnyArrayBuffer } from 'node:util/types'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { inlineKernelBytes, watchInlineKernels } from './inline-compute.js'

const BUFFERS = ['ArrayBuffer', 'SharedArrayBuffer'] as const
const VIEWS = [
  ...(['Uint8Array', 'Uint8ClampedArray', 'Int8Array', 'Uint16Array', 'Int16Array'] as const),
  ...(['Uint32Array', 'Int32Array', 'BigUint64Array', 'BigInt64Array'] as const),
  ...(['Float32Array', 'Float64Array'] as const),
]
/** Methods of views that allocate their result. */
const COPYING = ['slice', 'map', 'filter', 'toReversed', 'toSorted', 'with'] as const

/**
 * The peak of the bytes that an action holds in buffers and in kernels of `inlineCompute`, above what lives before it.
 * Garbage does not count: it is collected before memory is read, which happens whenever `everyBytes` more were allocated.
 * @returns bytes, at most `everyBytes` too few
 */
export async function measurePeakBytes(action: () => Promise<unknown>, everyBytes: number): Promise<number> {
  setFlagsFromString('--expose-gc')
  // freed buffers are subtracted at once, not by a thread at some later time
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
  const collectGarbage = runInNewContext('gc') as () => void
  const held = (): number => {
    collectGarbage()
    return process.memoryUsage().arrayBuffers + inlineKernelBytes()
  }
  const before = held()
  let peak = before
  let allocated = 0
  const look = (): void => {
    allocated = 0
    peak = Math.max(peak, held())
  }
  let kernels = inlineKernelBytes()
  const ends = [
    watchAllocations((bytes) => {
      allocated += bytes
      if (allocated >= everyBytes) look()
    }),
    watchInlineKernels(() => {
      if (inlineKernelBytes() < kernels + everyBytes) return
      kernels = inlineKernelBytes()
      look()
    }),
  ]
  try {
    await action()
    look()
  } finally {
    for (const end of ends) end()
  }
  return peak - before
}

type Allocated = { readonly byteLength: number }
type Constructor = new (...args: unknown[]) => Allocated

/** Replaces the constructors of buffers and views by ones that tell; returns the function that puts them back. */
function watchAllocations(onAllocation: (bytes: number) => void): () => void {
  const scope = globalThis as unknown as Record<string, Constructor>
  const before = new Map<string, Constructor>()
  for (const name of [...BUFFERS, ...VIEWS]) {
    const original = scope[name]!
    before.set(name, original)
    scope[name] = new Proxy(original, {
      construct(target, args, newTarget) {
        const made = Reflect.construct(target, args, newTarget === scope[name] ? target : newTarget)
        // a view of an existing buffer allocates nothing
        if (!isAnyArrayBuffer(args[0])) onAllocation(made.byteLength)
        return made
      },
    })
  }
  const methods = Object.getPrototypeOf(Uint8Array.prototype) as Record<
    string,
    (...args: unknown[]) => Allocated
  >
  const copying = COPYING.filter((name) => typeof methods[name] === 'function')
  const originals = copying.map((name) => methods[name]!)
  for (const [index, name] of copying.entries())
    methods[name] = function (this: unknown, ...args) {
      const made = originals[index]!.apply(this, args)
      onAllocation(made.byteLength)
      return made
    }
  return () => {
    for (const [name, original] of before) scope[name] = original
    for (const [index, name] of copying.entries()) methods[name] = originals[index]!
  }
}
