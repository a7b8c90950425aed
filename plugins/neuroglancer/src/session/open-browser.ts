import { spawn } from 'node:child_process'
import type { Logger } from '@chunkflow/sdk'

/** Asks the desktop to show an address. A machine without one gets a warning; the address was printed anyway. */
export function openBrowser(url: string, logger: Logger): void {
  const commands: Readonly<Record<string, readonly [string, ...string[]]>> = {
    darwin: ['open', url],
    win32: ['rundll32', 'url.dll,FileProtocolHandler', url],
  }
  const [command, ...args] = commands[process.platform] ?? ['xdg-open', url]
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.once('error', (error) =>
    logger.warn(`no browser could be opened (${error.message}); use the address above`),
  )
  child.unref()
}
