import { chunkflowError, type ServiceFamily, type StorageDriver, type Store } from '@chunkflow/sdk'
import { normalizeUrl, schemeOf } from './paths.js'

/** Picks the driver by scheme. */
export function createStore(drivers: ServiceFamily<StorageDriver>): Store {
  return {
    normalize: normalizeUrl,
    open: async (path) => {
      const url = normalizeUrl(path)
      const scheme = schemeOf(url) ?? 'file'
      if (!drivers.has(scheme))
        throw chunkflowError('storage-path-invalid', `No installed plugin reads ${scheme}:// (${path})`, {
          fix: `schemes there are: ${drivers.keys().join(', ')}`,
        })
      return (await drivers.get(scheme)).open(url)
    },
  }
}
