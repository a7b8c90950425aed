import { Worker } from 'node:worker_threads'
import { chunkflowError, type WorkerSession } from '@chunkflow/sdk'

/**
 * Runs in the worker: loads the entry and answers requests in order. A string, so that it is the same from source, from a
 * bundle and from a tarball. Entries in TypeScript get their loader first.
 */
const BOOTSTRAP = `
const { parentPort, workerData } = require('node:worker_threads')
const TRANSFER = Symbol.for('chunkflow.Transfer')
const describe = (error) => ({ name: error?.name, message: String(error?.message ?? error), stack: error?.stack, code: error?.code, what: error?.what, fix: error?.fix, known: typeof error === 'object' && error !== null && Symbol.for('chunkflow.ChunkflowError') in error })
const ready = (async () => {
  if (workerData.loader) (await import(workerData.loader)).register()
  return (await import(workerData.entry)).default
})()
let last = ready
parentPort.on('message', ({ id, method, payload }) => {
  last = last.catch(() => {}).then(async () => {
    try {
      const result = await (await ready)[method](payload)
      if (typeof result === 'object' && result !== null && TRANSFER in result) parentPort.postMessage({ id, result: result.value }, result.buffers)
      else parentPort.postMessage({ id, result })
    } catch (error) {
      parentPort.postMessage({ id, error: describe(error) })
    }
  })
})
`

interface WorkerError {
  readonly name?: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
  readonly what?: string
  readonly fix?: string
  readonly known: boolean
}
type Answer = { readonly id: number; readonly result?: unknown; readonly error?: WorkerError }
interface Pending {
  resolve(value: unknown): void
  reject(error: unknown): void
}

export interface OwnedWorkerSession extends WorkerSession {
  /** False after a crash or a close. */
  readonly alive: boolean
  /** Ends the worker; pending calls fail with the error. */
  abandon(error: unknown): void
}

/** Starts a worker on a module whose default export is a record of methods. */
export function startWorkerSession(entry: URL, data?: unknown): OwnedWorkerSession {
  const worker = new Worker(BOOTSTRAP, {
    eval: true,
    workerData: {
      entry: entry.href,
      data,
      loader: entry.pathname.endsWith('.ts') ? import.meta.resolve('tsx/esm/api') : undefined,
    },
    execArgv: process.execArgv.filter(
      (word) => word.startsWith('--conditions') || word.startsWith('--no-warnings'),
    ),
  })
  const pending = new Map<number, Pending>()
  let nextId = 0
  let ended: unknown
  worker.unref()

  const end = (error: unknown): void => {
    if (ended !== undefined) return
    ended = error
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
  }
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
    else call?.reject(rebuild(error))
  })
  worker.on('error', (cause) => end(crashed(cause.message, cause)))
  worker.on('exit', (code) => end(crashed(`exit code ${code}`)))

  return {
    get alive() {
      return ended === undefined
    },
    call: <T>(method: string, payload?: unknown, transfer: readonly ArrayBuffer[] = []) =>
      new Promise<T>((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended)
          return
        }
        const id = nextId++
        pending.set(id, { resolve: resolve as Pending['resolve'], reject })
        worker.ref()
        try {
          worker.postMessage({ id, method, payload }, [...transfer])
        } catch (error) {
          settle(id)
          reject(error)
        }
      }),
    abandon: (error) => {
      end(error)
      void worker.terminate()
    },
    close: async () => {
      end(crashed('it was closed'))
      await worker.terminate()
    },
  }
}

const crashed = (reason: string, cause?: unknown) =>
  chunkflowError('compute-worker-crashed', `A worker ended before its job did: ${reason}`, {
    fix: 'often memory: use smaller chunks or patches, and see what chunkflow plan estimates',
    retryable: true,
    cause,
  })

/** The worker's error on this side, with its stack. */
function rebuild({ name, message, stack, code, what, fix, known }: WorkerError): Error {
  const error =
    known && code !== undefined
      ? chunkflowError(code, what ?? message, fix === undefined ? {} : { fix })
      : chunkflowError('compute-kernel-failed', `${name ?? 'Error'}: ${message}`, {
          cause: Object.assign(new Error(message), { stack }),
        })
  return error
}
