import { compileKernel, KernelInstance } from '../compute/kernel-instance.js'
import type { Compute, WasmKernel, WorkerMethods } from '../contracts/compute.js'
import { isTransferred } from '../contracts/compute.js'

/** COMPUTE on the calling thread, for tests: the same calling convention, no workers. */
export function inlineCompute(): Compute {
  const modules = new Map<string, WebAssembly.Module>()
  const instantiate = (kernel: WasmKernel): KernelInstance => {
    const module = modules.get(kernel.base64) ?? compileKernel(kernel.base64)
    modules.set(kernel.base64, module)
    return new KernelInstance(module)
  }
  return {
    concurrency: 1,
    run: async (kernel, call) => instantiate(kernel).call(call),
    open: async (kernel) => {
      const instance = instantiate(kernel)
      return {
        call: async (call) => instance.call(call),
        readKept: async (name, offset, target) => instance.readKept(name, offset, target),
        close: async () => {},
      }
    },
    startWorker: async (entry) => {
      const { default: methods } = (await import(entry.href)) as { default: WorkerMethods }
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
