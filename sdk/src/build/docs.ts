/** `npm run docs [-- --check]`: writes the operator reference into the plugins' READMEs, or says which are out of date. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PluginSlice } from '@chunkflow/kernel/authoring'
import { insertApiReference } from './api-reference.js'
import { insertPluginTable, insertReference } from './flag-table.js'
import { pluginFolders, root } from './workspace.js'

const check = process.argv.includes('--check')
const slices: PluginSlice[] = []

/** Writes a file that changed, or complains about it. */
async function keep(file: string, present: string, fresh: string): Promise<void> {
  if (fresh === present) return
  const name = path.relative(root, file)
  if (check) {
    console.error(`${name} is out of date: run npm run docs`)
    process.exitCode = 1
  } else {
    await writeFile(file, fresh)
    console.log(name)
  }
}

for (const folder of await pluginFolders()) {
  const file = path.join(folder, 'README.md')
  const slice = JSON.parse(await readFile(path.join(folder, 'chunkflow.plugin.json'), 'utf8')) as PluginSlice
  const readme = await readFile(file, 'utf8')
  const fresh = insertReference(readme, slice)
  slices.push(slice)
  if (fresh === undefined) {
    console.error(`${path.relative(root, file)} has no markers for its operator reference`)
    process.exitCode = 1
  } else await keep(file, readme, fresh)
}

const overview = path.join(root, 'README.md')
const text = await readFile(overview, 'utf8')
await keep(overview, text, insertPluginTable(text, slices))

const api = path.join(root, 'cli/API.md')
const guide = await readFile(api, 'utf8')
await keep(api, guide, insertApiReference(guide, slices))
