import type { Compute, WorkerSession } from '@chunkflow/sdk'

/** The HDF5 library on its thread, started at the first use, kept for the next one, ended when none comes. */
export interface Hdf5Worker {
  /** One action at a time; each opens its own file, and leaves it closed when it succeeds. */
  use<T>(action: (session: WorkerSession) => Promise<T>, signal?: AbortSignal): Promise<T>
  dispose(): Promise<void>
}

/** Idle, the library holds about 60 MiB; it takes half a second to start again. */
const IDLE_MS = 5000

/**
 * @param entry the built `hdf5.worker`
 * @param idleMs how long an idle worker is kept
 */
export function hdf5Worker(compute: Compute, entry: URL, idleMs = IDLE_MS): Hdf5Worker {
  let session: WorkerSession | undefined
  let last: Promise<unknown> = Promise.resolve()
  let users = 0
  let idle: NodeJS.Timeout | undefined

  async function end(): Promise<void> {
    const ended = session
    session = undefined
    await ended?.close()
  }

  async function run<T>(
    action: (session: WorkerSession) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    session ??= await compute.startWorker(entry, signal === undefined ? {} : { signal })
    try {
      return await action(session)
    } catch (error) {
      // the worker may have been stopped, and the library may hold a damaged file
      await end()
      throw error
    }
  }

  function leave(): void {
    users -= 1
    if (users > 0 || session === undefined) return
    idle = setTimeout(() => {
      last = end()
    }, idleMs)
    // waiting for the next use must not keep the process alive
    idle.unref()
  }

  return {
    use: (action, signal) => {
      clearTimeout(idle)
      users += 1
      const result = last.then(() => run(action, signal))
      last = result.then(leave, leave)
      return result
    },
    dispose: async () => {
      await last
      clearTimeout(idle)
      await end()
    },
  }
}
