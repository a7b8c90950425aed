import type { Compute, KernelSession } from '@chunkflow/sdk'

/** COMPUTE that keeps its sessions for the next block. */
export interface KeptSessions extends Compute {
  /** Ends the kept sessions. */
  dispose(): Promise<void>
}

/**
 * Gives a session that was closed to the next one who opens the same kernel: the memory of instances made for a block
 * each would pile up until the workers collect their garbage. For kernels without kept regions.
 */
export function keepSessions(compute: Compute): KeptSessions {
  const idle = new Map<string, KernelSession[]>()
  let disposed = false
  return {
    // blocks are made side by side: one that took several sessions would take them from others
    concurrency: 1,
    run: (kernel, call, options) => compute.run(kernel, call, options),
    startWorker: (entry, options) => compute.startWorker(entry, options),
    open: async (kernel, options) => {
      // a signal ends the worker for good
      if (options?.signal !== undefined) return compute.open(kernel, options)
      const same = idle.get(kernel.base64) ?? []
      idle.set(kernel.base64, same)
      const session = same.pop() ?? (await compute.open(kernel))
      let failed = false
      return {
        call: async (call) => {
          try {
            return await session.call(call)
          } catch (error) {
            // its memory may be in any state
            failed = true
            throw error
          }
        },
        readKept: (name, byteOffset, target) => session.readKept(name, byteOffset, target),
        keptView: (name) => session.keptView(name),
        close: async () => {
          if (failed || disposed) await session.close()
          else same.push(session)
        },
      }
    },
    dispose: async () => {
      disposed = true
      const sessions = [...idle.values()].flatMap((same) => same.splice(0))
      await Promise.all(sessions.map((session) => session.close()))
    },
  }
}
