import { loadConfig } from '../oclif/config.js'

/** `chunkflow version`. */
export async function version(): Promise<number> {
  const { userAgent } = await loadConfig()
  process.stdout.write(`${userAgent}\n`)
  return 0
}
