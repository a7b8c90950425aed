import { chunkflowError, type ServiceFamily, type StorageDriver, type Store } from '@chunkflow/sdk'
import { withoutSecrets } from '@chunkflow/sdk/storage'
import { normalizeUrl, schemeOf } from './paths.js'

/** Picks the driver by scheme. */
export function createStore(drivers: ServiceFamily<StorageDriver>): Store {
  return {
    normalize: normalizeUrl,
    open: async (path) => {
      const url = normalizeUrl(path)
      const scheme = schemeOf(url) ?? 'file'
      if (!drivers.has(scheme))
        throw chunkflowError(
          'storage-path-invalid',
          `No installed plugin opens ${scheme}:// places: ${withoutSecrets(path)}`,
          {
            fix: `use one of ${[...drivers.keys()].map((key) => `${key}://`).join(', ')}, or install a plugin for ${scheme}://`,
          },
        )
      return (await drivers.get(scheme)).open(url)
    },
  }
}
