import { execFileSync } from 'node:child_process'

/** False when there is no such process, or only its remains that nobody has collected. */
export function isRunning(processId: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(processId)], { encoding: 'utf8' }).trim()
    return state !== '' && !state.startsWith('Z')
  } catch {
    return false
  }
}

/** Waits until the process is gone. @throws after ten seconds */
export async function untilGone(processId: number): Promise<void> {
  for (let tries = 0; isRunning(processId); tries++) {
    if (tries === 200) throw new Error(`process ${processId} is still there`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
