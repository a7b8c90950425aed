import type { KernelArgument, KernelCall } from '../contracts/compute.js'

const PAGE = 65536
const align = (address: number): number => Math.ceil(address / 16) * 16

const byteView = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

/**
 * A WebAssembly instance with the calling convention of {@link KernelArgument}: places views in its memory, calls an
 * export, copies results back. Runs wherever it is made: in the host's worker, or in place for tests.
 */
export class KernelInstance {
  readonly #memory: WebAssembly.Memory
  readonly #exports: Record<string, unknown>
  readonly #kept = new Map<string, { address: number; bytes: number }>()
  #top: number
  /** Nothing was ever placed from here on. */
  #untouched: number

  constructor(
    module: WebAssembly.Module,
    { sharedMemory = false }: { readonly sharedMemory?: boolean } = {},
  ) {
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: 65535, shared: sharedMemory })
    this.#exports = new WebAssembly.Instance(module, {
      env: {
        memory: this.#memory,
        abort: (_message: number, _file: number, line: number, column: number) => {
          throw new Error(`kernel aborted at ${line}:${column}`)
        },
      },
    }).exports
    const heapBase = this.#exports.heapBase
    if (typeof heapBase !== 'function')
      throw new Error('kernel has no export "heapBase": build it with chunkflow-plugin')
    this.#top = align(heapBase() as number)
    this.#untouched = this.#top
  }

  /** How much memory the instance has by now; it never shrinks. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength
  }

  call({ export: name, args }: KernelCall): number | bigint | undefined {
    const target = this.#exports[name]
    if (typeof target !== 'function') throw new Error(`kernel has no export "${name}"`)
    for (const argument of args)
      if (typeof argument === 'object' && 'keep' in argument) this.#keep(argument.keep, argument.bytes)
    const top = { address: this.#top }
    const placed = args.map((argument) => this.#place(argument, top))
    this.#reserve(top.address)
    const memory = new Uint8Array(this.#memory.buffer)
    args.forEach((argument, index) => {
      const source = inputOf(argument)
      if (source !== undefined) memory.set(byteView(source), placed[index]!)
    })
    const heap = top.address
    // what lies above the heap address is the kernel's to use
    const usesHeap = args.some((argument) => typeof argument === 'object' && 'heap' in argument)
    this.#untouched = usesHeap ? Number.POSITIVE_INFINITY : Math.max(this.#untouched, heap)
    const result = target(
      ...args.map((argument, index) =>
        typeof argument === 'object' && 'heap' in argument ? heap : placed[index]!,
      ),
    )
    // the kernel may have grown its memory: take the buffer again
    const after = new Uint8Array(this.#memory.buffer)
    args.forEach((argument, index) => {
      const sink = outputOf(argument)
      if (sink !== undefined)
        byteView(sink).set(after.subarray(placed[index]!, placed[index]! + sink.byteLength))
    })
    return result as number | bigint | undefined
  }

  readKept(name: string, byteOffset: number, target: ArrayBufferView): void {
    const region = this.#region(name)
    if (byteOffset + target.byteLength > region.bytes) throw new Error(`kept region ${name} ends before that`)
    const start = region.address + byteOffset
    byteView(target).set(new Uint8Array(this.#memory.buffer, start, target.byteLength))
  }

  keptView(name: string): Uint8Array {
    const region = this.#region(name)
    if (!(this.#memory.buffer instanceof SharedArrayBuffer))
      throw new Error('kernel has no shared memory: build it from a .shared.ts file, and say sharedMemory')
    return new Uint8Array(this.#memory.buffer, region.address, region.bytes)
  }

  #region(name: string): { readonly address: number; readonly bytes: number } {
    const region = this.#kept.get(name)
    if (region === undefined) throw new Error(`no such kept region: ${name}`)
    return region
  }

  #keep(name: string, bytes: number): void {
    const present = this.#kept.get(name)
    if (present !== undefined) {
      if (present.bytes !== bytes)
        throw new Error(`kept region ${name} has ${present.bytes} bytes, not ${bytes}`)
      return
    }
    const address = this.#top
    this.#top = align(address + bytes)
    this.#reserve(this.#top)
    // memory that nobody used is zero, and need not be touched yet
    const dirty = Math.min(bytes, this.#untouched - address)
    if (dirty > 0) new Uint8Array(this.#memory.buffer, address, dirty).fill(0)
    this.#untouched = Math.max(this.#untouched, this.#top)
    this.#kept.set(name, { address, bytes })
  }

  #place(argument: KernelArgument, top: { address: number }): number {
    if (typeof argument === 'number') return argument
    if ('keep' in argument) return this.#kept.get(argument.keep)!.address
    if ('heap' in argument) return 0
    const bytes =
      'scratch' in argument ? argument.scratch : (inputOf(argument) ?? outputOf(argument))!.byteLength
    const address = top.address
    top.address = address + Math.ceil(bytes / 16) * 16
    return address
  }

  #reserve(end: number): void {
    const missing = Math.ceil(end / PAGE) - this.#memory.buffer.byteLength / PAGE
    if (missing <= 0) return
    if (end > 65535 * PAGE)
      throw new RangeError(`kernel needs ${end} bytes; WebAssembly addresses 4 GiB: work by slabs`)
    this.#memory.grow(missing)
  }
}

const inputOf = (argument: KernelArgument): ArrayBufferView | undefined => {
  if (typeof argument === 'number') return undefined
  if ('in' in argument) return argument.in
  return 'inout' in argument ? argument.inout : undefined
}
const outputOf = (argument: KernelArgument): ArrayBufferView | undefined => {
  if (typeof argument === 'number') return undefined
  if ('out' in argument) return argument.out
  return 'inout' in argument ? argument.inout : undefined
}

/** Compiles the base64 text of a generated `*.wasm.ts`. */
export const compileKernel = (base64: string): WebAssembly.Module =>
  new WebAssembly.Module(Buffer.from(base64, 'base64'))
