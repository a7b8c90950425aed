/** `npm run docs [-- --check]`: writes the operator reference into the plugins' READMEs, or says which are out of date. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PluginSlice } from '@chunkflow/kernel/authoring'
import { insertReference } from './flag-table.js'
import { pluginFolders, root } from './workspace.js'

const check = process.argv.includes('--check')
for (const folder of await pluginFolders()) {
  const file = path.join(folder, 'README.md')
  const slice = JSON.parse(await readFile(path.join(folder, 'chunkflow.plugin.json'), 'utf8')) as PluginSlice
  const readme = await readFile(file, 'utf8')
  const fresh = insertReference(readme, slice)
  const name = path.relative(root, file)
  if (fresh === undefined) {
    console.error(`${name} has no markers for its operator reference`)
    process.exitCode = 1
  } else if (fresh !== readme) {
    if (check) {
      console.error(`${name} is out of date: run npm run docs`)
      process.exitCode = 1
    } else {
      await writeFile(file, fresh)
      console.log(name)
    }
  }
}
