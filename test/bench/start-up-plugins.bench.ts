import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@chunkflow/sdk/testing'
import type { Bench } from './measure.js'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const PLUGINS = 30

/** A data folder as the plugin manager leaves it, with plugins of three operators and a service each. */
function installMany(folder: string): void {
  const { plugins } = JSON.parse(readFileSync(path.join(root, 'registry.json'), 'utf8')) as {
    plugins: { package: string; operators: { name: string }[] }[]
  }
  const [model] = plugins.find((plugin) => plugin.package === '@chunkflow/plugin-image')!.operators
  const names = Array.from({ length: PLUGINS }, (_, index) => `chunkflow-plugin-number-${index}`)
  for (const [index, name] of names.entries()) {
    const home = path.join(folder, 'node_modules', name)
    mkdirSync(home, { recursive: true })
    writeFileSync(
      path.join(home, 'chunkflow.plugin.json'),
      JSON.stringify(
        {
          package: name,
          version: '1.0.0',
          apiVersion: 1,
          description: 'One of many',
          operators: ['a', 'b', 'c'].map((letter) => ({
            ...model,
            name: `number-${index}-${letter}`,
            aliases: [],
          })),
          services: [{ token: 'chunkflow.storage', version: 1, key: `number-${index}` }],
          hooks: [],
          permissions: [],
        },
        null,
        2,
      ),
    )
  }
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({
      oclif: { schema: 1, plugins: names.map((name) => ({ name, tag: 'latest', type: 'user' })) },
    }),
  )
}

/** What installed plugins cost a chain that uses none of them. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const { path: folder, remove } = temporaryFolder()
  const start = (data: string) => () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [path.join(root, 'cli/bin/chunkflow.mjs'), 'create-chunk'],
      { env: { ...process.env, CHUNKFLOW_DATA_DIR: path.join(folder, data) } },
    )
    if (status !== 0) throw new Error(String(stderr))
  }
  try {
    installMany(path.join(folder, 'many'))
    await ratio(`start-up: create-chunk with ${PLUGINS} plugins / without`, start('many'), start('none'), {
      runs: 20,
      target: 1.15,
    })
  } finally {
    remove()
  }
}
