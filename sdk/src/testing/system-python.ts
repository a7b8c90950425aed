import { execFileSync } from 'node:child_process'

/** Debian's Python: programs of others to compare with. */
export const SYSTEM_PYTHON = '/usr/bin/python3'

const CHECK =
  'import importlib.util, sys; sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))'

/** Debian's packages that are not named like their module. */
const PACKAGES: Readonly<Record<string, string>> = { PIL: 'pil' }

/** What was looked for, once in a process: starting Python takes time. */
const found = new Map<string, boolean>()

/** False, after saying so, when Python or one of the modules is missing. */
export function hasPython(...modules: readonly string[]): boolean {
  const key = modules.join(' ')
  if (!found.has(key)) found.set(key, canImport(modules))
  return found.get(key)!
}

function canImport(modules: readonly string[]): boolean {
  try {
    execFileSync(SYSTEM_PYTHON, ['-c', CHECK, ...modules], { stdio: 'ignore' })
    return true
  } catch {
    const packages = modules.map((name) => `python3-${PACKAGES[name] ?? name}`)
    console.log(`skipped: needs ${packages.join(' ') || 'python3'}`)
    return false
  }
}

export interface PythonRun {
  readonly args?: readonly string[]
  /** Working directory. */
  readonly cwd?: string
  /** What the program reads from its standard input. */
  readonly input?: Uint8Array
}

/**
 * What a Python program prints, without white space at the ends; null, after saying so, when Python or one of the modules is
 * missing.
 * @throws when the program fails
 */
export function askPython(
  modules: readonly string[],
  program: string,
  { args = [], ...options }: PythonRun = {},
): string | null {
  if (!hasPython(...modules)) return null
  const words = ['-W', 'ignore', '-c', program, ...args]
  return execFileSync(SYSTEM_PYTHON, words, { ...options, encoding: 'utf8', maxBuffer: 2 ** 26 }).trim()
}
