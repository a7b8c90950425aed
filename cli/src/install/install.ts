import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chunkflowError } from '@chunkflow/kernel/authoring'
import { type Catalogue, findOperatorEntries, readCatalogues } from '../discovery/catalogues.js'
import { dataFolder } from '../discovery/folders.js'
import { type RecordedPlugin, recordedPlugins } from '../discovery/installed.js'
import { openRegistry } from '../discovery/registry.js'
import { requireFit, requireIntegrity } from './admission.js'
import { type Candidate, fetchCandidate } from './candidate.js'
import { confirm, describeOffer } from './consent.js'
import { whileAlone } from './lock.js'
import { npmJson } from './npm.js'
import { record, runManager, tarballFolder, tidy } from './plugin-manager.js'

export interface InstallSettings {
  /** The question was answered on the command line. */
  readonly yes: boolean
  /** Further registries, absolute paths or addresses. */
  readonly registries: readonly string[]
}

/**
 * Fetches a plugin, looks at it, asks, and installs it through the plugin manager. Whatever speaks against it is said before
 * anything is installed.
 * @param word npm name with or without version, tarball (path or address), folder
 * @returns the package's name, undefined when the person declined
 */
export async function installPlugin(word: string, settings: InstallSettings): Promise<string | undefined> {
  const catalogues = await readCatalogues(settings.registries)
  say(`looking at ${word} …`)
  return withTemporaryFolder(async (temporary) => {
    const candidate = await fetchCandidate(word, temporary)
    return (await admit(candidate, catalogues, settings, 'Install it?'))
      ? whileAlone(() => install(candidate), { say })
      : undefined
  })
}

/** Finds the package that has an operator in the registries. @throws plugin-not-found, plugin-ambiguous */
export async function findPackageOf(operator: string, registries: readonly string[]): Promise<string> {
  const present = (await openRegistry()).lookUp(operator)
  if (present !== undefined)
    throw chunkflowError(
      'plugin-refused',
      `"${operator}" is there already, in ${present.source.slice.package}`,
      {
        fix: 'there is nothing to install',
      },
    )
  const catalogues = await readCatalogues(registries)
  const found = findOperatorEntries(catalogues, operator)
  const [first, second] = found
  if (first === undefined)
    throw chunkflowError('plugin-not-found', `No registry lists an operator named "${operator}"`, {
      fix:
        catalogues.length === 0
          ? 'name a registry with --registry, or under "registries" in the configuration'
          : `searched: ${catalogues.map(({ place }) => place).join(', ')}`,
    })
  if (second !== undefined)
    throw chunkflowError('plugin-ambiguous', `Several plugins have an operator named "${operator}"`, {
      fix: `install one by name: ${found.map(({ entry }) => entry.package).join(', ')}`,
    })
  say(`"${operator}" is in ${first.entry.package} ${first.entry.version}, says ${first.place}`)
  return `${first.entry.package}@${first.entry.version}`
}

/** Checks a candidate and asks. @returns false when the person declines */
export async function admit(
  candidate: Candidate,
  catalogues: readonly Catalogue[],
  { yes }: Pick<InstallSettings, 'yes'>,
  question: string,
): Promise<boolean> {
  requireFit(candidate.slice)
  const vouching = requireIntegrity(candidate, catalogues)
  const notes = vouching.map((place) => `sha512     as listed by ${place}`)
  return confirm(describeOffer(candidate.slice, notes), question, yes)
}

async function install(candidate: Candidate): Promise<string> {
  const { package: name } = candidate.slice
  const replaced = recordedPlugins().find((plugin) => plugin.name === name)
  if (replaced?.type === 'link')
    throw chunkflowError('plugin-refused', `${name} is linked to ${replaced.root}`, {
      fix: `chunkflow plugins uninstall ${name} ends that; the folder stays`,
    })
  const word = candidate.byName ?? (await keepTarball(candidate))
  try {
    if (replaced === undefined) await runManager('install', [word])
    else await replace(word, replaced)
    await requireSameBytes(candidate)
  } finally {
    tidy()
  }
  return name
}

/**
 * The manager keeps the record of an older installation, and uninstalls what it fails to install: so npm installs first, and
 * the record goes only then.
 */
async function replace(word: string, replaced: RecordedPlugin): Promise<void> {
  say(`installing ${word} …`)
  await npmInstall(word)
  record((plugins) => plugins.filter(({ name }) => name !== replaced.name))
  try {
    await runManager('install', [word])
  } catch (error) {
    record((plugins) => [...plugins, replaced])
    throw error
  }
}

/** Installs into the data folder without touching the record: whole or not at all. */
export const npmInstall = (word: string): Promise<unknown> =>
  npmJson(['install', word, '--omit=dev', '--no-audit', '--no-fund'], word, dataFolder())

/**
 * @returns a copy that stays, in npm's notation (it does not decode file URLs). Its name tells its content, or npm would take a
 * rebuilt tarball for the old one.
 */
async function keepTarball({ slice, integrity, tarball }: Candidate): Promise<string> {
  const digest = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex').slice(0, 12)
  const name = slice.package.replace(/^@/, '').replace('/', '-')
  const kept = path.join(tarballFolder(), `${name}-${slice.version}-${digest}.tgz`)
  await mkdir(tarballFolder(), { recursive: true })
  await copyFile(tarball, kept)
  return `file:${kept}`
}

/** npm fetched the package anew: what it installed must be what was looked at. @throws plugin-integrity */
export async function requireSameBytes({ slice, tarball, byName }: Candidate): Promise<void> {
  if (byName === undefined) return
  const lock = JSON.parse(
    await readFile(path.join(dataFolder(), 'node_modules/.package-lock.json'), 'utf8'),
  ) as { packages: Record<string, { integrity?: string }> }
  const installed = lock.packages[`node_modules/${slice.package}`]?.integrity ?? 'sha512-'
  // an old registry may know SHA-1 only
  const [algorithm] = installed.split('-') as [string]
  const seen = `${algorithm}-${createHash(algorithm)
    .update(await readFile(tarball))
    .digest('base64')}`
  if (installed === seen) return
  await runManager('uninstall', [slice.package])
  throw chunkflowError(
    'plugin-integrity',
    `The npm registry gave another ${slice.package} than the one that was looked at: ${installed}, not ${seen}`,
    { fix: 'it was uninstalled again; try once more, and mistrust the registry if it happens again' },
  )
}

export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chunkflow-install-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Progress, beside the results on standard output. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`)
