import { compileKernel, KernelInstance } from '../compute/kernel-instance.js'
import type { Compute, KernelCall, WasmKernel, WorkerMethods } from '../contracts/compute.js'
import { isTransferred } from '../contracts/compute.js'

/** The kernels of all inline COMPUTEs that are in use: open sessions, calls that run. */
const instances = new Set<KernelInstance>()
let workers = 0
let afterCall: () => void = () => {}

/** Bytes of memory of the kernels in use. */
export const inlineKernelBytes = (): number =>
  [...instances].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)

/** Calls a function after every kernel call, while the kernel still holds its memory; returns the end of that. */
export function watchInlineKernels(listener: () => void): () => void {
  afterCall = listener
  return () => {
    afterCall = () => {}
  }
}

/** COMPUTE on the calling thread, for tests: the same calling convention, no workers. */
export function inlineCompute(): Compute {
  const modules = new Map<string, WebAssembly.Module>()
  const instantiate = (kernel: WasmKernel): KernelInstance => {
    const module = modules.get(kernel.base64) ?? compileKernel(kernel.base64)
    modules.set(kernel.base64, module)
    const instance = new KernelInstance(module, kernel)
    instances.add(instance)
    return instance
  }
  const callOn = (instance: KernelInstance, call: KernelCall): number | bigint | undefined => {
    const result = instance.call(call)
    afterCall()
    return result
  }
  return {
    concurrency: 1,
    run: async (kernel, call) => {
      const instance = instantiate(kernel)
      try {
        return callOn(instance, call)
      } finally {
        instances.delete(instance)
      }
    },
    open: async (kernel) => {
      const instance = instantiate(kernel)
      return {
        call: async (call) => callOn(instance, call),
        readKept: async (name, offset, target) => instance.readKept(name, offset, target),
        keptView: async (name) => instance.keptView(name),
        close: async () => void instances.delete(instance),
      }
    },
    startWorker: async (entry) => {
      // every worker has its own copy of the module's variables
      const own = `${entry.href}?worker=${++workers}`
      const { default: methods } = (await import(own)) as { default: WorkerMethods }
      return {
        call: async <T>(method: string, payload?: unknown) => {
          const result = await methods[method]!(payload as never)
          return (isTransferred(result) ? result.value : result) as T
        },
        close: async () => {},
      }
    },
  }
}
