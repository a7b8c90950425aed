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
  const ending: Promise<void>[] = []
  return {
    size,
    async call<T>(lane: number, method: string, payload: unknown): Promise<T> {
      const place = lane % size
      const session = started.get(place) ?? compute.startWorker(entry)
      started.set(place, session)
      try {
        return await (await session).call<T>(method, payload)
      } catch (error) {
        // it may have ended, for lack of memory: the next task must find another one
        if (started.get(place) === session) {
          started.delete(place)
          // not waited for: what other lanes asked of it fails then, and this error is the first
          ending.push(close(session))
        }
        throw error
      }
    },
    async close() {
      ending.push(...[...started.values()].map(close))
      started.clear()
      await Promise.all(ending.splice(0))
    },
  }
}

/** Also of a worker that could not be started. */
const close = (session: Promise<WorkerSession>): Promise<void> =>
  session.then(
    (running) => running.close(),
    () => {},
  )
