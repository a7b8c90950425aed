/** What the host gives a worker at its start. */
export interface BootstrapData {
  /** URL of the module whose default export is a record of methods. */
  readonly entry: string
  /** URL of the module that lets Node import TypeScript; undefined for built entries. */
  readonly loader: string | undefined
  /** What the entry finds as its `workerData`. */
  readonly data: unknown
}

/** What a worker answers. */
export interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: WorkerError
}

export interface WorkerError {
  readonly name?: string
  readonly message: string
  readonly stack?: string
  /** The members of a ChunkflowError, when it is one. */
  readonly known?: {
    readonly code: string
    readonly what: string
    readonly where: readonly string[]
    readonly fix?: string
    readonly retryable: boolean
  }
}

/** As of the host's memory watch. */
const SLACK_BYTES = 2 ** 28

/**
 * Runs in the worker: loads the entry and answers requests one after another. A text instead of a file, so that it is the
 * same from source, from a bundle and from a tarball, and plain JavaScript: entries in TypeScript get their loader first.
 */
export const BOOTSTRAP = `
const threads = require('node:worker_threads')
const { parentPort } = threads
const { entry, loader, data } = threads.workerData
threads.workerData = data
require('node:module').syncBuiltinESMExports()

const describe = (error) => {
  const message = String(error?.message ?? error)
  const known = typeof error === 'object' && error !== null && Symbol.for('chunkflow.ChunkflowError') in error
  return {
    name: error?.name,
    message,
    stack: error?.stack,
    ...(known
      ? { known: { code: error.code, what: error.what, where: error.where, fix: error.fix, retryable: error.retryable } }
      : {}),
  }
}
const load = async () => {
  if (loader !== undefined) (await import(loader)).register()
  return (await import(entry)).default
}
const methods = load()
methods.catch(() => {}) // told to whoever calls

const answer = async ({ id, method, payload }) => {
  try {
    const target = (await methods)?.[method]
    if (typeof target !== 'function') throw new TypeError('the worker has no method "' + method + '"')
    const result = await target(payload)
    const transferred = typeof result === 'object' && result !== null && Symbol.for('chunkflow.Transfer') in result
    if (transferred) parentPort.postMessage({ id, result: result.value }, result.buffers)
    else parentPort.postMessage({ id, result })
  } catch (error) {
    parentPort.postMessage({ id, error: describe(error) })
  }
}
// shared memory of past requests is not counted by V8; as the host's memory watch, which sees its own thread only
const watchMemory = () => {
  const resident = process.memoryUsage.rss
  let settled = resident()
  let collect
  const look = () => {
    const now = resident()
    if (now < settled + Math.max(${SLACK_BYTES}, settled / 4)) {
      settled = Math.min(settled, now)
      return
    }
    if (collect === undefined) {
      require('node:v8').setFlagsFromString('--expose-gc')
      collect = require('node:vm').runInNewContext('gc')
    }
    collect()
    settled = resident()
  }
  setInterval(look, 500).unref()
}
watchMemory()

let last = Promise.resolve()
parentPort.on('message', (request) => {
  last = last.then(() => answer(request))
})
// a request that cannot be read has no id to answer to: the job ends with the worker
parentPort.on('messageerror', (error) => {
  throw error
})
`
