import { chunkflowError } from '@chunkflow/sdk'
import type { Environment } from '@chunkflow/sdk/storage'

/** Seconds a request for a message waits at the server: the longest Amazon allows. */
const LONG_POLL_SECONDS = 20

/** How long `receive` waits at the server; CHUNKFLOW_QUEUE_WAIT_SECONDS shortens it. @throws flag-invalid */
export function waitSeconds(environment: Environment): number {
  const text = environment.CHUNKFLOW_QUEUE_WAIT_SECONDS
  if (text === undefined || text === '') return LONG_POLL_SECONDS
  if (/^\d+$/.test(text) && Number(text) <= LONG_POLL_SECONDS) return Number(text)
  throw chunkflowError('flag-invalid', `CHUNKFLOW_QUEUE_WAIT_SECONDS is "${text}"`, {
    fix: `set it to whole seconds from 0 to ${LONG_POLL_SECONDS}, or unset it`,
  })
}
