/** `npm run registry [-- --check]`: writes registry.json from the built plugins, or says what differs. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PluginSlice } from '@chunkflow/kernel/authoring'
import { operatorMethodsSource } from './api-types.js'
import { buildPlugin } from './plugin.js'
import { pluginFolders, root } from './workspace.js'

const file = path.join(root, 'registry.json')
const plugins: PluginSlice[] = []
for (const folder of await pluginFolders())
  plugins.push(await buildPlugin(folder, { conditions: ['source'] }))
const methods = path.join(root, 'cli/src/api/operator-methods.ts')
const methodsText = operatorMethodsSource(plugins)
const text = `${JSON.stringify({ schema: 1, plugins }, null, 2)}\n`
if (process.argv.includes('--check')) {
  if ((await readFile(file, 'utf8')) !== text || (await readFile(methods, 'utf8')) !== methodsText) {
    console.error('registry.json or the API differs from the plugins: run npm run registry')
    process.exitCode = 1
  }
} else {
  await writeFile(file, text)
  await writeFile(methods, methodsText)
  console.log(
    `registry.json: ${plugins.length} plugins, ${plugins.flatMap(({ operators }) => operators).length} operators`,
  )
}
