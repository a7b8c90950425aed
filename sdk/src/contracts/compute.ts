import { token } from '@chunkflow/kernel/authoring'

/** A WebAssembly kernel: built from `assembly/` by the plugin build (imported memory, exported `heapBase`). */
export interface WasmKernel {
  /** For error messages and to cache the compiled module. */
  readonly name: string
  /** The generated `*.wasm.ts` default export. */
  readonly base64: string
  /** Built from `assembly/<name>.shared.ts`: its memory is shared, so that {@link KernelSession.keptView} can give it out. */
  readonly sharedMemory?: true
}

/**
 * One argument of a kernel call, in the order of the export's parameters. Views are copied into the kernel's memory
 * before the call (`in`, `inout`) and back after it (`out`, `inout`); the kernel gets their address, 16-byte aligned.
 */
export type KernelArgument =
  | number
  | { readonly in: ArrayBufferView }
  | { readonly out: ArrayBufferView }
  | { readonly inout: ArrayBufferView }
  /** Uninitialised memory for the length of the call. */
  | { readonly scratch: number }
  /** A named region that keeps its content between calls of one session; zeroed when first named. */
  | { readonly keep: string; readonly bytes: number }
  /** Address of everything above the other arguments; the kernel grows the memory itself. */
  | { readonly heap: true }

export interface KernelCall {
  readonly export: string
  readonly args: readonly KernelArgument[]
}

/** An instance of a kernel with memory of its own, on one worker; calls run one after another. */
export interface KernelSession {
  /** The export's result (32-bit integers as unsigned when the kernel declares u32: apply `>>> 0`), or undefined. */
  call(call: KernelCall): Promise<number | bigint | undefined>
  /** Copies a part of a kept region out. */
  readKept(name: string, byteOffset: number, target: ArrayBufferView): Promise<void>
  /**
   * A kept region itself, of kernels with `sharedMemory`: what the kernel writes is seen here at once. The view holds all of the
   * session's memory, also after the session is closed.
   */
  keptView(name: string): Promise<Uint8Array>
  close(): Promise<void>
}

/** A JavaScript worker of a plugin. Messages are answered in order. */
export interface WorkerSession {
  /** Sends a request and awaits its answer; an error thrown in the worker is thrown here. */
  call<T>(method: string, payload?: unknown, transfer?: readonly ArrayBuffer[]): Promise<T>
  close(): Promise<void>
}

/**
 * Work off the main thread. Views lie on SharedArrayBuffers (a view on another buffer is copied). Workers start at the
 * first job and end with the run; a crash becomes an error.
 */
export interface Compute {
  /** How many jobs run at once. */
  readonly concurrency: number
  /** One call on a fresh instance. */
  run(
    kernel: WasmKernel,
    call: KernelCall,
    options?: { signal?: AbortSignal },
  ): Promise<number | bigint | undefined>
  open(kernel: WasmKernel, options?: { signal?: AbortSignal }): Promise<KernelSession>
  /**
   * Starts a plugin's worker. The module's default export is `defineWorker({ method: (payload) => result })`.
   * @param entry from the `workers` a plugin declares
   */
  startWorker(entry: URL, options?: { workerData?: unknown; signal?: AbortSignal }): Promise<WorkerSession>
}

export const COMPUTE = token<Compute>('chunkflow.compute')

export type WorkerMethods = Readonly<Record<string, (payload: never) => unknown>>

/** Declares a worker's methods; the host's bootstrap calls them. A result may be `withTransfer(value, buffers)`. */
export const defineWorker = (methods: WorkerMethods): WorkerMethods => Object.freeze(methods)

const TRANSFER = Symbol.for('chunkflow.Transfer')
export interface Transferred {
  readonly value: unknown
  readonly buffers: readonly ArrayBuffer[]
}
/** A worker's result whose buffers are moved instead of copied. */
export const withTransfer = (value: unknown, buffers: readonly ArrayBuffer[]): Transferred =>
  Object.freeze({ [TRANSFER]: 1, value, buffers })
export const isTransferred = (value: unknown): value is Transferred =>
  typeof value === 'object' && value !== null && TRANSFER in value
