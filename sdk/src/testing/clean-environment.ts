import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { temporaryFolder } from './test-files.js'

/** This process as on a machine where a cloud's tools were never set up. */
export interface CleanEnvironment {
  /** The home folder, empty at first. */
  readonly home: string
  /** Replaces all variables of those tools. */
  set(variables?: Readonly<Record<string, string>>): void
  /** @returns the file's path */
  writeHome(file: string, content: string): string
  restore(): void
}

/** @param tools what the names of their variables look like @param always variables that stay */
export function cleanEnvironment(
  tools: RegExp,
  always: Readonly<Record<string, string>> = {},
): CleanEnvironment {
  const before = { ...process.env }
  const home = temporaryFolder()
  const set = (variables: Readonly<Record<string, string>> = {}): void => {
    for (const name of Object.keys(process.env)) if (tools.test(name)) delete process.env[name]
    Object.assign(process.env, { HOME: home.path, ...always, ...variables })
  }
  set()
  return {
    home: home.path,
    set,
    writeHome(file, content) {
      const target = path.join(home.path, file)
      mkdirSync(path.dirname(target), { recursive: true })
      writeFileSync(target, content)
      return target
    },
    restore() {
      for (const name of Object.keys(process.env)) delete process.env[name]
      Object.assign(process.env, before)
      home.remove()
    },
  }
}
