import { openRegistry } from '../discovery/registry.js'
import { readSwitches } from './index.js'

/** `chunkflow operators [--json]`. */
export async function operators(argv: readonly string[]): Promise<number> {
  const { switches } = readSwitches('operators', argv, ['--json'])
  const found = (await openRegistry()).operators()
  if (switches.has('--json')) {
    const list = found.map(({ entry, source }) => ({
      name: entry.name,
      package: source.slice.package,
      version: source.slice.version,
      origin: source.origin,
      role: entry.role,
      effects: entry.effects,
      aliases: entry.aliases,
      summary: entry.summary,
      flags: entry.flags,
    }))
    process.stdout.write(`${JSON.stringify(list, null, 2)}\n`)
    return 0
  }
  const column = Math.max(...found.map(({ entry }) => entry.name.length)) + 2
  for (const { entry, source } of found)
    process.stdout.write(`${entry.name.padEnd(column)}${source.slice.package.padEnd(34)}${entry.summary}\n`)
  return 0
}
