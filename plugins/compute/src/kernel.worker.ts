import { defineWorker, type KernelCall } from '@chunkflow/sdk'
import { KernelInstance } from '@chunkflow/sdk/compute'

const modules = new Map<string, WebAssembly.Module>()
let instance: KernelInstance | undefined

/** One kernel instance at a time. Compiled modules are kept by name. */
export default defineWorker({
  /** Makes a fresh instance; `module` comes along the first time only. */
  open: ({ key, module }: { key: string; module?: WebAssembly.Module }): void => {
    if (module !== undefined) modules.set(key, module)
    instance = new KernelInstance(modules.get(key)!)
  },
  call: (call: KernelCall): number | bigint | undefined => instance!.call(call),
  readKept: ({
    name,
    byteOffset,
    target,
  }: {
    name: string
    byteOffset: number
    target: ArrayBufferView
  }): void => instance!.readKept(name, byteOffset, target),
  /** Drops the instance and its memory. */
  close: (): void => {
    instance = undefined
  },
})
