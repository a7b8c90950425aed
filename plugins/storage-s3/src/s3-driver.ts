import type { S3Client } from '@aws-sdk/client-s3'
import type { StorageDriver } from '@chunkflow/sdk'
import { CONNECTIONS, type HttpSettings, IDLE_TIMEOUT_MS, limitConcurrency } from '@chunkflow/sdk/storage'
import { findCredential } from './credentials.js'
import { parseLocation, type S3Location } from './location.js'
import { makeClient } from './s3-client.js'
import { openS3Storage, type S3Access } from './s3-storage.js'
import { isAmazon, readSettings } from './settings.js'

/** `s3://`. One client for a bucket, made when it is opened first; connections are closed with the run. */
export function createS3Driver(settings: HttpSettings = {}): StorageDriver & { dispose(): void } {
  const { idleTimeoutMs = IDLE_TIMEOUT_MS, connections = CONNECTIONS, ...retrying } = settings
  const limit = limitConcurrency(connections)
  const clients: S3Client[] = []
  const opened = new Map<string, Promise<S3Access>>()

  async function access({ bucket, endpoint }: S3Location): Promise<S3Access> {
    const { endpoint: server } = await readSettings(endpoint, undefined)
    const credential = await findCredential(bucket, isAmazon(server))
    const found = await readSettings(endpoint, credential.region)
    const client = makeClient({ bucket, settings: found, credential, idleTimeoutMs })
    clients.push(client)
    return { client, credential, settings: found, limit, idleTimeoutMs, retrying }
  }

  return {
    open: async (url) => {
      const location = parseLocation(url)
      const name = `${location.endpoint ?? ''} ${location.bucket}`
      const opening = opened.get(name) ?? access(location)
      opened.set(name, opening)
      // a failure is not remembered: a file may be put right while a program runs
      opening.catch(() => opened.delete(name))
      return openS3Storage(location, await opening)
    },
    dispose: () => {
      for (const client of clients) client.destroy()
    },
  }
}
