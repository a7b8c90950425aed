import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chunkflowError, type PluginSlice } from '@chunkflow/kernel/authoring'
import { readSlice } from '@chunkflow/sdk/registry'
import { SLICE_FILE } from '../discovery/installed.js'
import { npmJson } from './npm.js'
import { readPackageArchive } from './package-archive.js'

/** A package that was fetched and looked at, but not installed. */
export interface Candidate {
  readonly slice: PluginSlice
  /** `sha512-…` of the tarball. */
  readonly integrity: string
  /** The tarball, in a temporary folder or where the user has it. */
  readonly tarball: string
  /** Name and version or tag for the plugin manager, when it comes by name from the npm registry. */
  readonly byName: string | undefined
}

/**
 * Fetches what the user named: a package of the npm registry, a tarball (path or address), a folder.
 * @param temporary folder for tarballs
 * @throws plugin-not-found, plugin-registry-unreachable, plugin-invalid
 */
export async function fetchCandidate(word: string, temporary: string): Promise<Candidate> {
  const place = localPath(word)
  if (place === undefined) {
    const tarball = await pack(word, word, temporary)
    return inspect(tarball, word, isPackageName(word) ? word : undefined)
  }
  const status = await stat(place).catch(() => null)
  if (status === null)
    throw chunkflowError('plugin-not-found', `There is no ${place}`, { fix: 'check the path' })
  if (!status.isDirectory()) return inspect(place, word, undefined)
  if (!existsSync(path.join(place, 'package.json')))
    throw chunkflowError('plugin-invalid', `${place} is not a package: it has no package.json`, {
      fix: 'name the folder of a plugin',
    })
  return inspect(await pack(place, word, temporary), word, undefined)
}

/** `name`, `@scope/name`, each with `@version`, `@range` or `@tag`. */
const isPackageName = (word: string): boolean =>
  /^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*(?:@[^/:]*)?$/.test(word)

/** An absolute path when the word means a file or folder, undefined for names and addresses. */
function localPath(word: string): string | undefined {
  if (word.startsWith('file:'))
    return word.startsWith('file://') ? fileURLToPath(word) : path.resolve(word.slice(5))
  if (/^[a-z][a-z0-9+.-]*:/i.test(word) && !/^[a-z]:[\\/]/i.test(word)) return undefined
  const looksLikePath = /^\.{1,2}$|^\.{0,2}[\\/]|^[a-z]:[\\/]|\.(?:tgz|tar\.gz)$/i.test(word)
  return looksLikePath || (!word.startsWith('@') && /[\\/]/.test(word) && existsSync(word))
    ? path.resolve(word)
    : undefined
}

/** No script of the package runs before the user has agreed. */
async function pack(spec: string, subject: string, temporary: string): Promise<string> {
  const args = ['pack', spec, '--ignore-scripts', '--pack-destination', temporary]
  const [packed] = (await npmJson(args, subject, temporary)) as [{ filename: string }]
  return path.join(temporary, packed.filename.replace(/^@/, '').replace('/', '-'))
}

async function inspect(tarball: string, word: string, byName: string | undefined): Promise<Candidate> {
  const archive = await readPackageArchive(await readFile(tarball), word)
  const manifest = parse(archive.text('package.json'), `package.json of ${word}`) as
    | { name?: string; version?: string; oclif?: unknown }
    | undefined
  const slice = parse(archive.text(SLICE_FILE), `${SLICE_FILE} of ${word}`)
  if (manifest?.name === undefined || slice === undefined)
    throw chunkflowError(
      'plugin-invalid',
      `${manifest?.name ?? word} is not a Chunkflow plugin: the package has no ${manifest?.name === undefined ? 'package.json' : SLICE_FILE}`,
      {
        where: word,
        fix: 'nothing was installed; if it is your plugin: npm run build, and list the file under "files" of package.json',
      },
    )
  const checked = readSlice(slice, `${SLICE_FILE} of ${word}`)
  if (checked.package !== manifest.name)
    throw chunkflowError(
      'plugin-invalid',
      `The package ${manifest.name} lists the contributions of ${checked.package}`,
      { where: word, fix: 'nothing was installed; the plugin must be built again' },
    )
  if (typeof manifest.oclif !== 'object')
    throw chunkflowError('plugin-invalid', `${manifest.name} is not marked as installable`, {
      where: word,
      fix: 'nothing was installed; its package.json needs the line "oclif": {}',
    })
  return { slice: checked, integrity: archive.integrity, tarball, byName }
}

function parse(text: string | undefined, where: string): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw chunkflowError('plugin-invalid', `${where} is not JSON: ${(cause as Error).message}`, { cause })
  }
}
