import { execFileSync } from 'node:child_process'

/** What Debian's Python prints, or null (and a line on the console) when it or one of the modules is missing. */
export function askPython(code: string, modules: readonly string[], input: Uint8Array): string | null {
  const options = { input, encoding: 'utf8', maxBuffer: 2 ** 26 } as const
  try {
    execFileSync('/usr/bin/python3', ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' })
  } catch {
    console.log(`skipped: needs ${modules.map((name) => `python3-${name}`).join(' ')}`)
    return null
  }
  return execFileSync('/usr/bin/python3', ['-c', code], options)
}
