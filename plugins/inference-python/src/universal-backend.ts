import path from 'node:path'
import type { InferenceBackend, ModelSettings } from '@chunkflow/sdk'

const JAVASCRIPT = ['.js', '.mjs', '.ts', '.mts']

/** Model files that do everything themselves: JavaScript by their extension, all others Python. */
export function createUniversalBackend(
  python: InferenceBackend,
  javascript: InferenceBackend,
): InferenceBackend {
  return Object.freeze({
    load: (settings: ModelSettings) => {
      const extension = path.extname(settings.modelPath ?? '').toLowerCase()
      return (JAVASCRIPT.includes(extension) ? javascript : python).load(settings)
    },
  })
}
