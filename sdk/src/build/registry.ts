/** `npm run registry [-- --check]`: writes registry.json from the built plugins, or says what differs. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PluginSlice } from '@chunkflow/kernel/authoring'
import { readRegistry, registryJsonSchema } from '../registry/index.js'
import { operatorMethodsSource } from './api-types.js'
import { buildPlugin } from './plugin.js'
import { pluginFolders, root } from './workspace.js'

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
const { configurationJsonSchema } = (await import(path.join(root, 'cli/src/configuration/schema.ts'))) as {
  configurationJsonSchema(): object
}

const plugins: PluginSlice[] = []
for (const folder of await pluginFolders())
  plugins.push(await buildPlugin(folder, { conditions: ['source'] }))
const registry = { $schema: './sdk/schemas/registry.schema.json', schema: 1, plugins }
readRegistry(registry, 'registry.json')
const files = {
  'registry.json': json(registry),
  'sdk/schemas/registry.schema.json': json(registryJsonSchema()),
  'cli/schemas/config.schema.json': json(configurationJsonSchema()),
  'cli/src/api/operator-methods.ts': operatorMethodsSource(plugins),
}
const check = process.argv.includes('--check')
for (const [name, text] of Object.entries(files)) {
  const file = path.join(root, name)
  const present = await readFile(file, 'utf8').catch(() => undefined)
  if (present === text) continue
  if (check) {
    console.error(`${name} differs from the sources: run npm run registry`)
    process.exitCode = 1
  } else await writeFile(file, text)
}
if (!check)
  console.log(
    `registry.json: ${plugins.length} plugins, ${plugins.flatMap(({ operators }) => operators).length} operators`,
  )
