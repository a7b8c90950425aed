import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { temporaryFolder } from '@chunkflow/sdk/testing'
import { build } from 'esbuild'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import base64 from './testing/probe.wasm.js'

const test = suite('packaging')
const folder = temporaryFolder()
test.after(() => folder.remove())

/**
 * Loads the plugin as the host does, runs a kernel and a session, and leaves the idle workers alone: the process must end
 * by itself.
 */
const script = (plugin: string, worker: string): string => `
  const { default: plugin } = await import(${JSON.stringify(pathToFileURL(plugin).href)})
  const workers = { kernel: new URL(${JSON.stringify(worker)}, ${JSON.stringify(pathToFileURL(plugin).href)}) }
  const compute = await plugin.provides[0].create({ workers })
  const kernel = { name: 'probe', base64: ${JSON.stringify(base64)} }
  const target = new Uint32Array([3])
  await compute.run(kernel, { export: 'addTo', args: [{ in: new Uint32Array([4]) }, { inout: target }, { scratch: 4 }, 1] })
  const session = await compute.open(kernel)
  await session.call({ export: 'accumulate', args: [{ keep: 'sum', bytes: 16 }, 8] })
  const kept = new Uint32Array(1)
  await session.readKept('sum', 0, kept)
  console.log(target[0], kept[0])`

const run = (code: string, options: readonly string[], cwd: string): string =>
  execFileSync(process.execPath, [...options, '--input-type=module', '-e', code], {
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, NODE_OPTIONS: '' },
  })

test('works from source, and idle workers do not keep the process alive', () => {
  const root = path.resolve(import.meta.dirname, '../../..')
  const options = ['--conditions', 'source', '--import', 'tsx']
  const code = script(path.join(import.meta.dirname, 'plugin.ts'), './kernel.worker.ts')
  assert.is(run(code, options, root), '7 8\n')
})

test('works as a bundle, wherever it lies', async () => {
  const built = path.join(folder.path, 'built')
  await build({
    absWorkingDir: path.resolve(import.meta.dirname, '..'),
    entryPoints: { plugin: 'src/plugin.ts', 'kernel.worker': 'src/kernel.worker.ts' },
    outdir: built,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    conditions: ['source'],
    chunkNames: 'chunks/[name]-[hash]',
    logLevel: 'error',
  })
  const home = path.join(folder.path, 'node_modules', '@chunkflow', 'plugin-compute')
  mkdirSync(path.dirname(home), { recursive: true })
  mkdirSync(home)
  writeFileSync(path.join(home, 'package.json'), '{ "type": "module" }')
  renameSync(built, path.join(home, 'dist'))
  assert.is(run(script(path.join(home, 'dist/plugin.js'), './kernel.worker.js'), [], folder.path), '7 8\n')
})

test.run()
