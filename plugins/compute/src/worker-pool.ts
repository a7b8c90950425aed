import { chunkflowError } from '@chunkflow/sdk'
import { onAbort } from './on-abort.js'
import { type OwnedWorkerSession, startWorkerSession } from './worker-session.js'

export const interrupted = () =>
  chunkflowError('run-interrupted', 'The work was stopped', { retryable: true })

export interface PooledWorker {
  readonly session: OwnedWorkerSession
  /** Numbers of the kernels whose code this worker has. */
  readonly known: Set<number>
}

interface Waiting {
  start(): void
  fail(error: unknown): void
}

/**
 * Workers on one entry, started when needed and used again. Single jobs wait for one of `concurrency` places; a session
 * gets a worker at once, beyond the number of places if need be: a job inside a session must not wait for the session.
 */
export class WorkerPool {
  readonly #entry: URL
  readonly #concurrency: number
  readonly #idle: PooledWorker[] = []
  readonly #all = new Set<OwnedWorkerSession>()
  readonly #waiting: Waiting[] = []
  #jobs = 0
  #disposed = false

  constructor(entry: URL, concurrency: number) {
    this.#entry = entry
    this.#concurrency = concurrency
  }

  /** A worker for one job. @throws run-interrupted when the signal comes first */
  async takeForJob(signal: AbortSignal | undefined): Promise<PooledWorker> {
    await this.#place(signal)
    try {
      return this.takeForSession()
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  releaseFromJob(worker: PooledWorker): void {
    this.releaseFromSession(worker)
    this.#leave()
  }

  takeForSession(): PooledWorker {
    if (this.#disposed) throw disposed()
    for (let worker = this.#idle.pop(); worker !== undefined; worker = this.#idle.pop())
      if (worker.session.alive) return worker
    return { session: this.own(startWorkerSession(this.#entry)), known: new Set() }
  }

  releaseFromSession(worker: PooledWorker): void {
    if (!worker.session.alive || this.#disposed) return
    if (this.#idle.length < this.#concurrency) this.#idle.push(worker)
    else void worker.session.close()
  }

  /** Ends the session with the pool. */
  own(session: OwnedWorkerSession): OwnedWorkerSession {
    this.#all.add(session)
    void session.ended.then(() => this.#all.delete(session))
    return session
  }

  /** Ends all workers; what still runs or waits fails. */
  async dispose(): Promise<void> {
    this.#disposed = true
    for (const { fail } of this.#waiting.splice(0)) fail(disposed())
    await Promise.all([...this.#all].map((session) => session.close()))
    this.#idle.length = 0
  }

  async #place(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw interrupted()
    if (this.#jobs < this.#concurrency) {
      this.#jobs += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        start: () => {
          stopListening()
          resolve()
        },
        fail: (error) => {
          stopListening()
          reject(error)
        },
      }
      this.#waiting.push(waiting)
      const stopListening = onAbort(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(interrupted())
      })
    })
  }

  /** Passes the place on, or frees it. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#jobs -= 1
    else next.start()
  }
}

const disposed = () =>
  chunkflowError('compute-worker-crashed', 'The workers were ended before the job was', {
    fix: 'this is a mistake of the plugin: it started work after the end of the run',
  })
