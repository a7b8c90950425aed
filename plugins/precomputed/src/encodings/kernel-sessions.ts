import type { Compute, KernelSession, WasmKernel } from '@chunkflow/sdk'

/** Instances of one kernel, as many as work at once, kept for the next block. */
export interface KernelSessions {
  use<T>(work: (session: KernelSession) => Promise<T>): Promise<T>
  dispose(): Promise<void>
}

/** Starting an instance costs more than a small block: they are opened as needed and closed at the end of the run. */
export function kernelSessions(compute: Compute, kernel: WasmKernel): KernelSessions {
  const idle: KernelSession[] = []
  const waiting: (() => void)[] = []
  let open = 0
  const acquire = async (): Promise<KernelSession> => {
    while (idle.length === 0 && open >= Math.max(1, compute.concurrency))
      await new Promise<void>((resolve) => waiting.push(resolve))
    const session = idle.pop()
    if (session !== undefined) return session
    open += 1
    try {
      return await compute.open(kernel)
    } catch (error) {
      open -= 1
      throw error
    }
  }
  return {
    async use(work) {
      const session = await acquire()
      try {
        const result = await work(session)
        idle.push(session)
        return result
      } catch (error) {
        // its memory may be in any state
        open -= 1
        await session.close()
        throw error
      } finally {
        waiting.shift()?.()
      }
    },
    dispose: async () => {
      await Promise.all(idle.splice(0).map((session) => session.close()))
    },
  }
}
