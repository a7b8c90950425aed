/**
 * `npm run bench [-- name ...]`: ours against a reference, in the same run. Every `bench/*.bench.ts` of a package, and
 * those of this folder, default-export an async function that gets `{ ratio }`.
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const wanted = process.argv.slice(2)
const folders = [
  path.join(root, 'test/bench'),
  path.join(root, 'sdk/bench'),
  ...readdirSync(path.join(root, 'plugins')).map((name) => path.join(root, 'plugins', name, 'bench')),
]
const files = folders
  .flatMap((folder) => {
    try {
      return readdirSync(folder)
        .filter((name) => name.endsWith('.bench.ts'))
        .map((name) => path.join(folder, name))
    } catch {
      return []
    }
  })
  .filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)))

for (const file of files) {
  const code = `const [{ default: bench }, { ratio }] = await Promise.all([import(${JSON.stringify(file)}), import(${JSON.stringify(path.join(root, 'test/bench/measure.ts'))})]); await bench({ ratio })`
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', code],
    { cwd: root, stdio: 'inherit', env: { ...process.env, NODE_OPTIONS: '--no-warnings' } },
  )
  const status = await new Promise((resolve) => child.on('close', resolve))
  if (status !== 0) process.exitCode = 1
}
