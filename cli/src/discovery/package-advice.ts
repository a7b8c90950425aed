import { isChunkflowError } from '@chunkflow/kernel/authoring'
import { readConfiguration } from '../configuration/configuration.js'
import { type Catalogue, findOperatorEntries, readCatalogues } from './catalogues.js'

/** An error should not be long in coming. */
const PATIENCE_MS = 3000

/**
 * What to do about an unknown operator: install the plugin that a configured registry lists, else what was advised anyway. A
 * registry that cannot be read is mentioned: it might have known.
 */
export async function packageAdvice(operator: string, otherwise = ''): Promise<string> {
  const { registries } = await readConfiguration()
  const catalogues: Catalogue[] = []
  const silent: string[] = []
  for (const place of registries) {
    try {
      catalogues.push(...(await readCatalogues([place], { timeoutMs: PATIENCE_MS })))
    } catch (error) {
      if (!isChunkflowError(error)) throw error
      silent.push(`${error.where.join(', ')}: ${error.what}`)
    }
  }
  const [found] = findOperatorEntries(catalogues, operator)
  if (found !== undefined)
    return `it is in ${found.entry.package}, says ${found.place}: chunkflow plugins install --operator ${operator}`
  return [otherwise, ...silent].join('; ')
}
