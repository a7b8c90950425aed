import { availableParallelism } from 'node:os'
import type { Compute } from '@chunkflow/sdk'

type DisposableCompute = Compute & { dispose(): Promise<void> }

/**
 * COMPUTE whose pool, and Node's worker threads with it, are loaded by the first job: a chain that never computes off the
 * main thread starts sooner without them.
 * @param entry kernel.worker, source or built
 */
export function lazyCompute(entry: URL): DisposableCompute {
  let loading: Promise<DisposableCompute> | undefined
  let disposed = false
  const load = async (): Promise<DisposableCompute> => {
    const { createPool } = await import('./pool.js')
    const pool = createPool(entry)
    // jobs after the end are refused by the pool, as those of a pool that had work
    if (disposed) await pool.dispose()
    return pool
  }
  const pool = (): Promise<DisposableCompute> => {
    loading ??= load()
    return loading
  }
  return {
    concurrency: availableParallelism(),
    run: async (...request) => (await pool()).run(...request),
    open: async (...request) => (await pool()).open(...request),
    startWorker: async (...request) => (await pool()).startWorker(...request),
    dispose: async () => {
      disposed = true
      await (await loading)?.dispose()
    },
  }
}
