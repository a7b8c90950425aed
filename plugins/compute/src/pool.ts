import { availableParallelism } from 'node:os'
import type { Compute, KernelSession, WasmKernel } from '@chunkflow/sdk'
import { compileKernel } from '@chunkflow/sdk/compute'
import type { KernelReference } from './kernel.worker.js'
import { onAbort } from './on-abort.js'
import { Staging } from './staging.js'
import { interrupted, type PooledWorker, WorkerPool } from './worker-pool.js'
import { startWorkerSession } from './worker-session.js'

interface CompiledKernel {
  readonly number: number
  readonly module: WebAssembly.Module
}

/** COMPUTE on persistent workers. @param entry kernel.worker, source or built */
export function createPool(
  entry: URL,
  concurrency = availableParallelism(),
): Compute & { dispose(): Promise<void> } {
  const pool = new WorkerPool(entry, concurrency)
  const staging = new Staging()
  const kernels = new Map<string, CompiledKernel>()

  /** The compiled module travels to each worker once. */
  function referTo(kernel: WasmKernel, worker: PooledWorker): KernelReference {
    const compiled = kernels.get(kernel.base64) ?? {
      number: kernels.size,
      module: compileKernel(kernel.base64),
    }
    kernels.set(kernel.base64, compiled)
    const reference = { kernel: compiled.number, sharedMemory: kernel.sharedMemory ?? false }
    if (worker.known.has(compiled.number)) return reference
    worker.known.add(compiled.number)
    return { ...reference, module: compiled.module }
  }

  async function openSession(kernel: WasmKernel, signal: AbortSignal | undefined): Promise<KernelSession> {
    if (signal?.aborted) throw interrupted()
    const worker = pool.takeForSession()
    const stopListening = onAbort(signal, () => worker.session.abandon(interrupted()))
    let closed = false
    const close = async (): Promise<void> => {
      if (closed) return
      closed = true
      stopListening()
      if (worker.session.alive) await worker.session.call('close').catch(() => {})
      pool.releaseFromSession(worker)
    }
    try {
      const label = `Kernel ${kernel.name}`
      await worker.session.call('open', referTo(kernel, worker), [], label)
    } catch (error) {
      await close()
      throw error
    }
    return {
      call: async (call) => {
        const staged = staging.stageCall(call)
        try {
          const label = `Kernel ${kernel.name}.${call.export}`
          const result = await worker.session.call<number | bigint | undefined>(
            'call',
            staged.call,
            [],
            label,
          )
          staged.finish()
          return result
        } finally {
          staged.release()
        }
      },
      readKept: async (name, byteOffset, target) => {
        const staged = staging.stage(target, { copyIn: false, copyOut: true })
        try {
          await worker.session.call('readKept', { name, byteOffset, target: staged.view })
          staged.finish()
        } finally {
          staged.release()
        }
      },
      keptView: (name) => worker.session.call<Uint8Array>('keptView', name),
      close,
    }
  }

  return {
    concurrency,
    run: async (kernel, call, { signal } = {}) => {
      const worker = await pool.takeForJob(signal)
      const stopListening = onAbort(signal, () => worker.session.abandon(interrupted()))
      try {
        const staged = staging.stageCall(call)
        try {
          const request = { ...referTo(kernel, worker), call: staged.call }
          const label = `Kernel ${kernel.name}.${call.export}`
          const result = await worker.session.call<number | bigint | undefined>('run', request, [], label)
          staged.finish()
          return result
        } finally {
          staged.release()
        }
      } finally {
        stopListening()
        pool.releaseFromJob(worker)
      }
    },
    open: (kernel, { signal } = {}) => openSession(kernel, signal),
    startWorker: async (workerEntry, { workerData, signal } = {}) => {
      if (signal?.aborted) throw interrupted()
      const session = pool.own(startWorkerSession(workerEntry, workerData))
      const stopListening = onAbort(signal, () => session.abandon(interrupted()))
      void session.ended.then(stopListening)
      return {
        call: (method, payload, transfer) => session.call(method, payload, transfer),
        close: () => session.close(),
      }
    },
    dispose: () => pool.dispose(),
  }
}
