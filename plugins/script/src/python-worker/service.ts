import type { Python, PythonSession } from '@chunkflow/sdk'
import { type HostSettings, startSession } from './session.js'

/** PYTHON. Sessions that nobody closed end with the service. */
export function createPython(host: HostSettings): Python & { dispose(): Promise<void> } {
  const sessions = new Set<PythonSession>()
  return Object.freeze({
    async start(settings: Parameters<Python['start']>[0]) {
      const session = await startSession(settings, host)
      sessions.add(session)
      return session
    },
    async dispose() {
      await Promise.all([...sessions].map((session) => session.close()))
    },
  })
}
