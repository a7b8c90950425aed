import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PluginSlice } from '@chunkflow/kernel/authoring'
import { insertReference } from './flag-table.js'

/** `none`: there is no README, or it has no markers for the reference. */
export type ReadmeState = 'current' | 'none' | 'stale' | 'written'

/** Brings the operator reference between the markers of a plugin's README up to its slice, or only looks. */
export async function updateReadme(
  folder: string,
  slice: PluginSlice,
  { check = false }: { readonly check?: boolean } = {},
): Promise<ReadmeState> {
  const file = path.join(folder, 'README.md')
  const present = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  const fresh = present === undefined ? undefined : insertReference(present, slice)
  if (fresh === undefined) return 'none'
  if (fresh === present) return 'current'
  if (check) return 'stale'
  await writeFile(file, fresh)
  return 'written'
}
