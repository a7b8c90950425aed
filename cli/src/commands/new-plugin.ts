import { cp, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chunkflowError } from '@chunkflow/kernel/authoring'
import { openRegistry } from '../discovery/registry.js'
import { readArguments } from './arguments.js'
import { HOST_COMMANDS } from './names.js'

const COMMAND = 'plugins new'

/**
 * `chunkflow plugins new <name> [--operator NAME]`: a folder with an operator, its numeric kernel, its test and everything to
 * build and pack it. It appears whole or not at all.
 */
export async function newPlugin(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(COMMAND, argv, { operator: { type: 'string' } })
  const name = requireName(positionals)
  const folder = path.resolve(name.replace(/^@[^/]+\//, ''))
  const operator = await requireOperator(
    values.operator ?? path.basename(folder).replace(/^(chunkflow-)?plugin-/, ''),
  )
  if ((await stat(folder).catch(() => null)) !== null)
    throw chunkflowError('flag-invalid', `${folder} exists already`, {
      where: COMMAND,
      fix: 'choose another name, or remove the folder',
    })
  await writePlugin(folder, {
    __NAME__: name,
    __OPERATOR__: operator,
    __TARBALL__: name.replace(/^@/, '').replace('/', '-'),
  })
  process.stdout.write(
    `${folder}\n  cd ${path.basename(folder)} && npm install && npm test && npm run build && npm pack\n`,
  )
  return 0
}

/** A name that npm takes and that is a folder of this one. @throws flag-missing, flag-invalid */
function requireName([name, ...more]: readonly string[]): string {
  if (name === undefined)
    throw chunkflowError('flag-missing', 'What shall the plugin be called?', {
      where: COMMAND,
      fix: 'chunkflow plugins new my-plugin',
    })
  if (more.length > 0 || name.length > 100 || !/^(@[a-z0-9][a-z0-9-]*\/)?[a-z][a-z0-9-]*$/.test(name))
    throw chunkflowError('flag-invalid', `"${[name, ...more].join(' ')}" is no package name`, {
      where: COMMAND,
      fix: 'use lower-case letters, digits and dashes: my-plugin, or @me/my-plugin',
    })
  return name
}

/** A name that no operator and no command has: the host would put the plugin aside. @throws flag-invalid */
async function requireOperator(operator: string): Promise<string> {
  const refuse = (what: string): never => {
    throw chunkflowError('flag-invalid', what, {
      where: COMMAND,
      fix: 'name the operator with --operator, for example --operator brighten',
    })
  }
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(operator)) refuse(`"${operator}" is no name of an operator`)
  if (HOST_COMMANDS.includes(operator)) refuse(`"${operator}" is a command of chunkflow`)
  const taken = (await openRegistry()).lookUp(operator)
  if (taken !== undefined) refuse(`Operator "${operator}" exists already in ${taken.source.slice.package}`)
  return operator
}

/** Fills a folder beside the final one and renames it. */
async function writePlugin(folder: string, words: Readonly<Record<string, string>>): Promise<void> {
  const dist = distFolder(import.meta.url)
  const draft = await mkdtemp(path.join(path.dirname(folder), `.${path.basename(folder)}-`))
  try {
    const home = path.join(draft, 'plugin')
    await cp(path.join(dist, 'templates/plugin'), home, { recursive: true })
    await rename(path.join(home, 'gitignore'), path.join(home, '.gitignore'))
    await fill(home, words)
    await cp(path.join(dist, 'chunkflow-sdk.tgz'), path.join(home, 'vendor/chunkflow-sdk.tgz'))
    await rename(home, folder)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Bundled code lies in `dist/` or `dist/chunks/`; from source, in `src/commands/`. */
function distFolder(url: string): string {
  const here = path.dirname(fileURLToPath(url))
  if (here.endsWith(`${path.sep}chunks`)) return path.dirname(here)
  return here.endsWith(path.join('src', 'commands')) ? path.resolve(here, '../../dist') : here
}

/** Replaces placeholders in names and contents. */
async function fill(folder: string, words: Readonly<Record<string, string>>): Promise<void> {
  const replace = (text: string): string =>
    Object.entries(words).reduce((result, [placeholder, word]) => result.replaceAll(placeholder, word), text)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    await writeFile(file, replace(await readFile(file, 'utf8')))
    if (replace(entry.name) !== entry.name)
      await rename(file, path.join(entry.parentPath, replace(entry.name)))
  }
}
