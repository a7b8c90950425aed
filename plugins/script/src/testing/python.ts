import { execFileSync } from 'node:child_process'

/** Debian's Python, with the packages that tests need. */
export const PYTHON = '/usr/bin/python3'

/** False, after saying so, when this machine lacks it. */
export function hasPython(modules: readonly string[] = ['numpy']): boolean {
  try {
    execFileSync(PYTHON, ['-c', modules.map((name) => `import ${name}`).join('\n')], { stdio: 'ignore' })
    return true
  } catch {
    console.log(`skipped: needs ${modules.map((name) => `python3-${name}`).join(' ')}`)
    return false
  }
}

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
