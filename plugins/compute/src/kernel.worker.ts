import { defineWorker, type KernelCall } from '@chunkflow/sdk'
import { KernelInstance } from '@chunkflow/sdk/compute'

/** Which kernel: its number, and its code the first time this worker hears of it. */
export interface KernelReference {
  readonly kernel: number
  readonly module?: WebAssembly.Module
  readonly sharedMemory: boolean
}

const modules = new Map<number, WebAssembly.Module>()
let session: KernelInstance | undefined

function instantiate({ kernel, module, sharedMemory }: KernelReference): KernelInstance {
  if (module !== undefined) modules.set(kernel, module)
  return new KernelInstance(modules.get(kernel)!, { sharedMemory })
}

/** Either single calls, each on an instance of its own, or one session at a time. */
export default defineWorker({
  run: ({ call, ...kernel }: KernelReference & { call: KernelCall }) => instantiate(kernel).call(call),
  open: (kernel: KernelReference): void => {
    session = instantiate(kernel)
  },
  call: (call: KernelCall) => session!.call(call),
  readKept: (request: { name: string; byteOffset: number; target: ArrayBufferView }): void =>
    session!.readKept(request.name, request.byteOffset, request.target),
  keptView: (name: string): Uint8Array => session!.keptView(name),
  /** Drops the instance and its memory. */
  close: (): void => {
    session = undefined
  },
})
