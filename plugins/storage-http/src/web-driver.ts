import type { StorageDriver } from '@chunkflow/sdk'
import { createHttpClient, type HttpSettings } from '@chunkflow/sdk/storage'
import { openWebStorage } from './web-storage.js'

/** `http://` and `https://`: what web servers give out. Connections are shared by all places and closed with the run. */
export function createWebDriver(settings: HttpSettings = {}): StorageDriver & { dispose(): void } {
  const client = createHttpClient(settings)
  return { open: (url) => openWebStorage(url, client), dispose: () => client.dispose() }
}
