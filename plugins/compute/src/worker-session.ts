import { Worker } from 'node:worker_threads'
import { chunkflowError, type WorkerSession } from '@chunkflow/sdk'
import { type Answer, BOOTSTRAP, type BootstrapData, type WorkerError } from './bootstrap.js'
import { refuseHugeBuffers } from './staging.js'

interface Pending {
  /** For messages: what was asked of whom. */
  readonly label: string
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** A worker whose end its owner sees and decides. */
export interface OwnedWorkerSession extends WorkerSession {
  /** As in WorkerSession; `label` is what error messages call the request. */
  call<T>(method: string, payload?: unknown, transfer?: readonly ArrayBuffer[], label?: string): Promise<T>
  /** False once it ended, or was told to. */
  readonly alive: boolean
  /** Resolves when the worker has ended, whyever. */
  readonly ended: Promise<void>
  /** Ends the worker; pending calls fail with the error, but only when it runs no more and leaves its views alone. */
  abandon(error: unknown): void
}

/** Starts a worker on a module whose default export is a record of methods. */
export function startWorkerSession(entry: URL, data?: unknown): OwnedWorkerSession {
  const name = entry.pathname.slice(entry.pathname.lastIndexOf('/') + 1)
  const worker = new Worker(BOOTSTRAP, {
    eval: true,
    name,
    workerData: { entry: entry.href, loader: loaderFor(entry), data } satisfies BootstrapData,
    execArgv: conditionsOf(process.execArgv),
  })
  const pending = new Map<number, Pending>()
  let nextId = 0
  let reason: unknown
  worker.unref()

  const settle = (id: number): Pending | undefined => {
    const call = pending.get(id)
    pending.delete(id)
    // an idle worker must not keep the process alive
    if (pending.size === 0) worker.unref()
    return call
  }
  worker.on('message', ({ id, result, error }: Answer) => {
    const call = settle(id)
    if (error === undefined) call?.resolve(result)
    else call?.reject(rebuild(error, call.label))
  })
  worker.on('messageerror', (cause) => {
    reason ??= crashed(name, `its answer could not be read: ${cause.message}`, cause)
    void worker.terminate()
  })
  worker.on('error', (cause) => {
    reason ??= crashed(name, cause.message, cause)
  })
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      reason ??= crashed(name, `exit code ${code}`)
      for (const { reject } of pending.values()) reject(reason)
      pending.clear()
      resolve()
    })
  })

  return {
    get alive() {
      return reason === undefined
    },
    ended,
    call: <T>(
      method: string,
      payload?: unknown,
      transfer: readonly ArrayBuffer[] = [],
      label = `${name}, ${method},`,
    ) =>
      new Promise<T>((resolve, reject) => {
        if (reason !== undefined) throw reason
        refuseHugeBuffers(payload)
        const id = nextId++
        worker.postMessage({ id, method, payload }, [...transfer])
        pending.set(id, { label, resolve: resolve as Pending['resolve'], reject })
        worker.ref()
      }),
    abandon: (error) => {
      reason ??= error
      void worker.terminate()
    },
    close: async () => {
      reason ??= crashed(name, 'it was closed')
      await worker.terminate()
      await ended
    },
  }
}

/** TypeScript entries, in a workspace, need tsx. */
const loaderFor = (entry: URL): string | undefined =>
  entry.pathname.endsWith('.ts') ? import.meta.resolve('tsx/esm/api') : undefined

/** Export conditions are the only options of this process that a worker needs. */
function conditionsOf(options: readonly string[]): string[] {
  return options.flatMap((word, index) => {
    if (/^(--conditions|-C)=./.test(word)) return [word]
    const value = options[index + 1]
    return /^(--conditions|-C)$/.test(word) && value !== undefined ? [`--conditions=${value}`] : []
  })
}

const crashed = (name: string, why: string, cause?: unknown) =>
  chunkflowError('compute-worker-crashed', `A worker (${name}) ended before its job did: ${why}`, {
    fix: 'often memory: use smaller chunks or patches, and see what chunkflow plan estimates',
    retryable: true,
    cause,
  })

/** The worker's error on this side. */
function rebuild({ name = 'Error', message, stack, known }: WorkerError, label: string): Error {
  const cause = Object.assign(new Error(message), { name, ...(stack === undefined ? {} : { stack }) })
  if (known === undefined)
    return chunkflowError('compute-kernel-failed', `${label} failed: ${name}: ${message}`, {
      fix: 'try a smaller chunk; if that does not help, report the command line and this message',
      cause,
    })
  const error = chunkflowError(known.code, known.what, {
    retryable: known.retryable,
    ...(known.fix === undefined ? {} : { fix: known.fix }),
    cause,
  })
  return Object.assign(error, { where: known.where })
}
