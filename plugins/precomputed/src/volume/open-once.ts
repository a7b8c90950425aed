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

const PUBLIC_HOSTS: Readonly<Record<string, string>> = {
  gs: 'https://storage.googleapis.com/',
  s3: 'https://s3.amazonaws.com/',
}

/** The address at which a public bucket is read without credentials (`--use-https`); other paths as they are. */
export const anonymousPath = (path: string): string =>
  path.replace(/^(precomputed:\/\/)?(gs|s3):\/\//, (_, _prefix, scheme: string) => PUBLIC_HOSTS[scheme]!)
