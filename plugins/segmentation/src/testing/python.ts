import { execFileSync } from 'node:child_process'

/** What a Python program prints, as JSON; undefined when Python or a module is missing, which is said. */
export function runPython<T>(modules: readonly string[], program: string, folder: string): T | undefined {
  const missing = modules.filter((name) => {
    try {
      execFileSync('/usr/bin/python3', ['-c', `import ${name}`], { stdio: 'ignore' })
      return false
    } catch {
      return true
    }
  })
  if (missing.length > 0) {
    console.log(`skipped: needs ${missing.map((name) => `python3-${name}`).join(' ')}`)
    return undefined
  }
  return JSON.parse(execFileSync('/usr/bin/python3', ['-c', program], { cwd: folder, encoding: 'utf8' })) as T
}
