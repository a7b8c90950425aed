import { cp, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chunkflowError } from '@chunkflow/kernel/authoring'

/** `chunkflow plugins new <name>`: a folder with an operator, its test and everything to build and pack it. */
export async function newPlugin(argv: readonly string[]): Promise<number> {
  const [name] = argv
  if (name === undefined || !/^(@[a-z0-9-]+\/)?[a-z][a-z0-9-]*$/.test(name))
    throw chunkflowError(
      'flag-missing',
      name === undefined ? 'What shall the plugin be called?' : `"${name}" is no package name`,
      { where: 'plugins new', fix: 'chunkflow plugins new my-plugin' },
    )
  const folder = path.resolve(name.replace(/^@[^/]+\//, ''))
  if ((await stat(folder).catch(() => null)) !== null)
    throw chunkflowError('flag-invalid', `${folder} exists already`, {
      where: 'plugins new',
      fix: 'choose another name, or remove the folder',
    })
  const operator = path.basename(folder).replace(/^chunkflow-plugin-/, '')
  const dist = distFolder(import.meta.url)
  await cp(path.join(dist, 'templates/plugin'), folder, { recursive: true })
  await rename(path.join(folder, 'gitignore'), path.join(folder, '.gitignore'))
  await fill(folder, {
    __NAME__: name,
    __OPERATOR__: operator,
    __TARBALL__: name.replace(/^@/, '').replace('/', '-'),
  })
  await mkdir(path.join(folder, 'vendor'))
  await cp(path.join(dist, 'chunkflow-sdk.tgz'), path.join(folder, 'vendor/chunkflow-sdk.tgz'))
  process.stdout.write(`${folder}\n  npm install && npm test && npm run build && npm pack\n`)
  return 0
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
