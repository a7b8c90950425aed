import type { Compute, WorkerSession } from '@chunkflow/sdk'

/** Workers that simplify and encode, one a core, each started by its first call. */
export interface Crew {
  readonly size: number
  /** @param lane lanes share workers, so that one of them has its next job while another waits for a write */
  call<T>(lane: number, method: string, payload: unknown): Promise<T>
  close(): Promise<void>
}

/** @param entry mesh.worker */
export function createCrew(compute: Compute, entry: URL): Crew {
  const size = Math.max(1, compute.concurrency)
  const started = new Map<number, Promise<WorkerSession>>()
  return {
    size,
    async call<T>(lane: number, method: string, payload: unknown): Promise<T> {
      const place = lane % size
      const session = started.get(place) ?? compute.startWorker(entry)
      started.set(place, session)
      return (await session).call<T>(method, payload)
    },
    async close() {
      const sessions = await Promise.allSettled(started.values())
      started.clear()
      for (const session of sessions) if (session.status === 'fulfilled') await session.value.close()
    },
  }
}
