import { availableParallelism } from 'node:os'
import {
  type Compute,
  chunkflowError,
  type KernelSession,
  type WasmKernel,
  type WorkerSession,
} from '@chunkflow/sdk'
import { compileKernel } from '@chunkflow/sdk/compute'
import { stage, stageCall } from './staging.js'
import { type OwnedWorkerSession, startWorkerSession } from './worker-session.js'

interface KernelWorker {
  readonly session: OwnedWorkerSession
  /** Kernels whose compiled module this worker has. */
  readonly known: Set<string>
}

/**
 * Persistent workers: one kernel instance each at a time. `run` waits for a free worker; a session that stays open
 * gets a worker of its own even beyond the number of cores, so that sessions never wait for each other.
 */
export function createPool(
  entry: URL,
  concurrency = availableParallelism(),
): Compute & { dispose(): Promise<void> } {
  const modules = new Map<string, WebAssembly.Module>()
  const idle: KernelWorker[] = []
  const waiting: ((worker: KernelWorker) => void)[] = []
  const all = new Set<OwnedWorkerSession>()
  let running = 0

  const start = (): KernelWorker => {
    const session = startWorkerSession(entry)
    all.add(session)
    return { session, known: new Set() }
  }
  const acquire = async (mayWait: boolean): Promise<KernelWorker> => {
    for (let worker = idle.pop(); worker !== undefined; worker = idle.pop())
      if (worker.session.alive) return worker
    if (mayWait && running >= concurrency) return new Promise((resolve) => waiting.push(resolve))
    running += 1
    return start()
  }
  const release = (worker: KernelWorker): void => {
    if (!worker.session.alive) {
      all.delete(worker.session)
      running -= 1
      const next = waiting.shift()
      if (next !== undefined) {
        running += 1
        next(start())
      }
      return
    }
    const next = waiting.shift()
    if (next !== undefined) next(worker)
    else idle.push(worker)
  }

  async function openInstance(worker: KernelWorker, kernel: WasmKernel): Promise<void> {
    if (worker.known.has(kernel.base64)) {
      await worker.session.call('open', { key: kernel.base64 })
      return
    }
    const module = modules.get(kernel.base64) ?? compileKernel(kernel.base64)
    modules.set(kernel.base64, module)
    await worker.session.call('open', { key: kernel.base64, module })
    worker.known.add(kernel.base64)
  }

  async function open(
    kernel: WasmKernel,
    signal: AbortSignal | undefined,
    mayWait: boolean,
  ): Promise<KernelSession> {
    if (signal?.aborted) throw interrupted()
    const worker = await acquire(mayWait)
    const stop = (): void => worker.session.abandon(interrupted())
    signal?.addEventListener('abort', stop, { once: true })
    let closed = false
    const close = async (): Promise<void> => {
      if (closed) return
      closed = true
      signal?.removeEventListener('abort', stop)
      if (worker.session.alive) await worker.session.call('close').catch(() => {})
      release(worker)
    }
    try {
      await openInstance(worker, kernel)
    } catch (error) {
      await close()
      throw error
    }
    return {
      call: async (call) => {
        const staged = stageCall(call)
        const result = await worker.session.call<number | bigint | undefined>('call', staged.call)
        staged.finish()
        return result
      },
      readKept: async (name, byteOffset, target) => {
        const staged = stage(target, { copyIn: false, copyOut: true })
        await worker.session.call('readKept', { name, byteOffset, target: staged.view })
        staged.finish()
      },
      close,
    }
  }

  return {
    concurrency,
    run: async (kernel, call, { signal } = {}) => {
      const session = await open(kernel, signal, true)
      try {
        return await session.call(call)
      } finally {
        await session.close()
      }
    },
    open: (kernel, { signal } = {}) => open(kernel, signal, false),
    startWorker: async (workerEntry, { workerData, signal } = {}): Promise<WorkerSession> => {
      if (signal?.aborted) throw interrupted()
      const session = startWorkerSession(workerEntry, workerData)
      all.add(session)
      const stop = (): void => session.abandon(interrupted())
      signal?.addEventListener('abort', stop, { once: true })
      return {
        call: (method, payload, transfer) => session.call(method, payload, transfer),
        close: async () => {
          signal?.removeEventListener('abort', stop)
          all.delete(session)
          await session.close()
        },
      }
    },
    dispose: async () => {
      await Promise.all([...all].map((session) => session.close()))
      all.clear()
      idle.length = 0
    },
  }
}

const interrupted = () => chunkflowError('run-interrupted', 'The work was stopped', { retryable: true })
