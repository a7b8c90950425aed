import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'

const require = createRequire(import.meta.url)

/** Where an installed package lies; packages that export nothing to `require` are found all the same. */
export function packageFolder(name: string): string {
  for (const folder of require.resolve.paths(name) ?? [])
    if (existsSync(path.join(folder, name, 'package.json'))) return path.join(folder, name)
  throw new Error(`${name} is not installed`)
}

/**
 * The licences of all packages that a bundle took code from, as one text.
 * @param inputs files of the bundle
 */
export async function collectLicenses(inputs: readonly string[]): Promise<string> {
  const names = new Set(
    inputs.flatMap((file) => {
      const inside = file.split('node_modules/').at(-1)!
      if (!file.includes('node_modules/')) return []
      return [
        inside
          .split('/')
          .slice(0, inside.startsWith('@') ? 2 : 1)
          .join('/'),
      ]
    }),
  )
  const texts = await Promise.all([...names].sort().map(describe))
  return `The page contains code of these packages.\n\n${texts.join('\n')}`
}

async function describe(name: string): Promise<string> {
  const folder = packageFolder(name)
  const { version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as {
    version: string
    license: string
  }
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  if (file === undefined) throw new Error(`${name} has no licence file`)
  const text = await readFile(path.join(folder, file), 'utf8')
  return `${'='.repeat(80)}\n${name} ${version} (${license})\n${'='.repeat(80)}\n\n${text.trim()}\n`
}
