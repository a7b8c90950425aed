import type { Compute, WorkerSession } from '@chunkflow/sdk'

/** The HDF5 library on its thread, started at the first use and kept for the next one. */
export interface Hdf5Worker {
  /** One action at a time; each opens its own file, and leaves it closed when it succeeds. */
  use<T>(action: (session: WorkerSession) => Promise<T>, signal?: AbortSignal): Promise<T>
  dispose(): Promise<void>
}

/** @param entry the built `hdf5.worker` */
export function hdf5Worker(compute: Compute, entry: URL): Hdf5Worker {
  let session: WorkerSession | undefined
  let last: Promise<unknown> = Promise.resolve()
  return {
    use: (action, signal) => {
      const result = last.then(async () => {
        session ??= await compute.startWorker(entry, signal === undefined ? {} : { signal })
        try {
          return await action(session)
        } catch (error) {
          // the worker may have been stopped, and the library may hold a damaged file
          const failed = session
          session = undefined
          await failed.close()
          throw error
        }
      })
      last = result.catch(() => {})
      return result
    },
    dispose: async () => {
      await last
      await session?.close()
      session = undefined
    },
  }
}
