import type { Compute, WorkerSession } from '@chunkflow/sdk'
import type { DecodeRequest, EncodeRequest } from './zarr.worker.js'

/** Threads that decode and encode chunks: started when there is work, kept for the next one, ended when none comes. */
export interface CodecWorkers {
  /** How many chunks are worked on at once. */
  readonly concurrency: number
  /** The bytes are moved to the worker: the caller has them no more. */
  decode(request: DecodeRequest): Promise<void>
  encode(request: EncodeRequest): Promise<Uint8Array>
  dispose(): Promise<void>
}

/** Beyond this the store and the copying of voxels are what takes the time. */
const MOST_WORKERS = 8
const IDLE_MS = 5000

interface Lane {
  readonly session: Promise<WorkerSession>
  jobs: number
  /** It gets no more jobs, and ends with its last one. */
  failed: boolean
}

/**
 * @param entry the built `zarr.worker`
 * @param idleMs how long idle workers are kept
 */
export function codecWorkers(compute: Compute, entry: URL, idleMs = IDLE_MS): CodecWorkers {
  const concurrency = Math.max(1, Math.min(MOST_WORKERS, compute.concurrency))
  const lanes = new Set<Lane>()
  let idle: NodeJS.Timeout | undefined

  function pick(): Lane {
    const free = [...lanes].sort((one, other) => one.jobs - other.jobs)[0]
    if (free !== undefined && (free.jobs === 0 || lanes.size >= concurrency)) return free
    const lane: Lane = { session: compute.startWorker(entry), jobs: 0, failed: false }
    lanes.add(lane)
    return lane
  }

  const end = async (lane: Lane): Promise<void> => {
    lanes.delete(lane)
    await (await lane.session.catch(() => undefined))?.close()
  }
  const endAll = async (): Promise<void> => {
    clearTimeout(idle)
    await Promise.all([...lanes].map(end))
  }

  async function call<T>(method: string, request: unknown, transfer: readonly ArrayBuffer[]): Promise<T> {
    clearTimeout(idle)
    const lane = pick()
    lane.jobs += 1
    try {
      return await (await lane.session).call<T>(method, request, transfer)
    } catch (error) {
      // a decoder that met damaged bytes may be damaged itself
      lane.failed = true
      lanes.delete(lane)
      throw error
    } finally {
      lane.jobs -= 1
      if (lane.failed && lane.jobs === 0) await end(lane)
      if ([...lanes].every(({ jobs }) => jobs === 0)) {
        idle = setTimeout(() => void endAll(), idleMs)
        // waiting for the next use must not keep the process alive
        idle.unref()
      }
    }
  }

  return {
    concurrency,
    decode: (request) => {
      const { buffer, byteOffset, byteLength } = request.bytes
      const isWhole = buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength
      const bytes = (isWhole ? request.bytes : request.bytes.slice()) as Uint8Array<ArrayBuffer>
      return call('decode', { ...request, bytes }, [bytes.buffer])
    },
    encode: (request) => call('encode', request, []),
    dispose: endAll,
  }
}
