import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chunkflowError } from '@chunkflow/kernel/authoring'
import { type RegistryEntry, readRegistry } from '@chunkflow/sdk/registry'
import { redactAddresses } from '../console/redact.js'

/** A further registry: what it lists, and where it is. */
export interface Catalogue {
  /** Without passwords. */
  readonly place: string
  readonly entries: readonly RegistryEntry[]
}

export interface FoundEntry {
  readonly entry: RegistryEntry
  readonly place: string
}

/** Reads registries at absolute paths or addresses. @throws registry-unreadable, registry-invalid */
export const readCatalogues = (
  places: readonly string[],
  { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {},
): Promise<Catalogue[]> =>
  Promise.all(
    places.map(async (place) => {
      const shown = redactAddresses(place)
      return { place: shown, entries: readRegistry(await readJson(place, timeoutMs), shown) }
    }),
  )

/** Plugins that have an operator of this name or alias; a package that several registries list counts once, the first. */
export function findOperatorEntries(catalogues: readonly Catalogue[], name: string): FoundEntry[] {
  const found = new Map<string, FoundEntry>()
  for (const { place, entries } of catalogues)
    for (const entry of entries)
      if (
        !found.has(entry.package) &&
        entry.operators.some((operator) => operator.name === name || operator.aliases.includes(name))
      )
        found.set(entry.package, { entry, place })
  return [...found.values()]
}

async function readJson(place: string, timeoutMs: number): Promise<unknown> {
  const refuse = (what: string, cause?: unknown): never => {
    throw chunkflowError('registry-unreadable', `Cannot read the registry: ${what}`, {
      where: redactAddresses(place),
      fix: 'check --registry and "registries" of the configuration',
      cause,
    })
  }
  let text: string
  try {
    text = await readText(place, timeoutMs)
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error }
    return refuse(cause instanceof Error ? `${message}: ${cause.message}` : message, error)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    return refuse(`it is not JSON: ${(error as Error).message}`, error)
  }
}

async function readText(place: string, timeoutMs: number): Promise<string> {
  if (/^https?:/i.test(place)) {
    const address = new URL(place)
    const [user, password] = [address.username, address.password].map(decodeURIComponent)
    // fetch refuses addresses that carry a password
    address.username = ''
    address.password = ''
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    const response = await fetch(address, {
      signal: AbortSignal.timeout(timeoutMs),
      headers: user === '' ? {} : { authorization },
    })
    if (!response.ok) throw new Error(`the server answers ${response.status}`)
    return response.text()
  }
  return readFile(/^file:/i.test(place) ? fileURLToPath(place) : place, 'utf8')
}
