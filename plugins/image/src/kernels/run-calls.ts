import type { KernelCall, WasmKernel } from '@chunkflow/sdk'
import { type ComputeServices, computeOptions } from '@chunkflow/sdk/numerics'

/**
 * Makes independent calls on as many sessions as run at once. Calls are made from the iterator when a session is free,
 * so that few pieces are in memory at a time.
 */
export async function runCalls(
  kernel: WasmKernel,
  calls: Iterable<KernelCall>,
  services: ComputeServices,
): Promise<void> {
  const queue = calls[Symbol.iterator]()
  const work = async (first: KernelCall): Promise<void> => {
    const session = await services.compute.open(kernel, computeOptions(services))
    try {
      await session.call(first)
      for (let next = queue.next(); next.done !== true; next = queue.next()) await session.call(next.value)
    } finally {
      // after a failure the other sessions find nothing left to do
      queue.return?.()
      await session.close()
    }
  }
  const jobs: Promise<void>[] = []
  while (jobs.length < services.compute.concurrency) {
    const first = queue.next()
    if (first.done === true) break
    jobs.push(work(first.value))
  }
  for (const result of await Promise.allSettled(jobs)) if (result.status === 'rejected') throw result.reason
}
