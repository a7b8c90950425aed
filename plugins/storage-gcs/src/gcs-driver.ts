import type { StorageDriver } from '@chunkflow/sdk'
import { createHttpClient, type HttpSettings, parseBucketPlace } from '@chunkflow/sdk/storage'
import { findCredential, type GoogleCredential } from './credentials.js'
import { openGcsStorage } from './gcs-storage.js'
import { readSettings } from './settings.js'

/** `gs://`. Connections are shared by all places, credentials by those of one bucket. */
export function createGcsDriver(settings: HttpSettings = {}): StorageDriver & { dispose(): void } {
  const client = createHttpClient(settings)
  const credentials = new Map<string, Promise<GoogleCredential>>()
  return {
    open: async (url) => {
      const { bucket, folder } = parseBucketPlace(url.replace(/^gs:\/\//i, ''), url)
      const found = readSettings()
      const finding = credentials.get(bucket) ?? findCredential(bucket, found)
      credentials.set(bucket, finding)
      // a failure is not remembered: a file may be put right while a program runs
      finding.catch(() => credentials.delete(bucket))
      return openGcsStorage({ bucket, folder }, { client, settings: found, credential: await finding })
    },
    dispose: () => client.dispose(),
  }
}
