import type { PrecomputedFormat, PrecomputedVolume } from './format.js'
import { requireVolume } from './format.js'

/** Opens a volume when it is first needed and keeps it; a failure is not kept. */
export function openOnce(format: PrecomputedFormat, path: string): () => Promise<PrecomputedVolume> {
  let opened: Promise<PrecomputedVolume> | undefined
  return () => {
    opened ??= requireVolume(format, path).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
}
