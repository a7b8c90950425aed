/** `npm run registry [-- --check]`: writes registry.json from the built plugins, or says what differs. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PluginSlice } from '@chunkflow/kernel/authoring'
import { buildPlugin } from './plugin.js'
import { pluginFolders, root } from './workspace.js'

const file = path.join(root, 'registry.json')
const plugins: PluginSlice[] = []
for (const folder of await pluginFolders())
  plugins.push(await buildPlugin(folder, { conditions: ['source'] }))
const text = `${JSON.stringify({ schema: 1, plugins }, null, 2)}\n`
if (process.argv.includes('--check')) {
  if ((await readFile(file, 'utf8')) !== text) {
    console.error('registry.json differs from the plugins: run npm run registry')
    process.exitCode = 1
  }
} else {
  await writeFile(file, text)
  console.log(
    `registry.json: ${plugins.length} plugins, ${plugins.flatMap(({ operators }) => operators).length} operators`,
  )
}
