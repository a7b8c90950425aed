import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build, type Metafile } from 'esbuild'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../testing/index.js'
import { oneCore } from './one-core.js'

const test = suite('one core')
const folder = temporaryFolder()
test.after(() => folder.remove())

const SOURCES = {
  'entry.ts': `import { main } from './main.js'\nconsole.log(await main(process.argv[2]))`,
  'api.ts': `export { shared } from './shared.js'\nexport { onlyOne } from './only-one.js'`,
  'main.ts': `import { shared } from './shared.js'
    import { onlyOne } from './only-one.js'
    export const main = async (which) => {
      if (which === 'one') return (await import('./one.js')).one()
      if (which === 'two') return (await import('./two.js')).two()
      return shared('main') + onlyOne
    }`,
  'shared.ts': `let calls = 0\nexport const shared = (who) => who + ++calls`,
  'only-one.ts': `export const onlyOne = '!'`,
  'one.ts': `import { shared } from './shared.js'
    import { onlyOne } from './only-one.js'
    export const one = () => shared('one') + onlyOne`,
  'two.ts': `import { shared } from './shared.js'\nexport const two = () => shared('two')`,
}

async function bundle(withCore: boolean): Promise<Metafile['outputs']> {
  const sources = path.join(folder.path, 'src')
  mkdirSync(sources, { recursive: true })
  for (const [name, text] of Object.entries(SOURCES)) writeFileSync(path.join(sources, name), text)
  const { metafile } = await build({
    absWorkingDir: folder.path,
    entryPoints: { entry: 'src/entry.ts', api: 'src/api.ts' },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    metafile: true,
    plugins: withCore ? [oneCore(path.join(sources, 'main.ts'), sources)] : [],
  })
  return metafile.outputs
}

/** Files that are read before the program does anything. */
function startsWith(outputs: Metafile['outputs'], file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const { kind, path: target } of outputs[file]!.imports)
    if (kind === 'import-statement') startsWith(outputs, target, seen)
  return seen
}

test('a start reads the entry and one file, lazy imports stay apart', async () => {
  assert.ok(startsWith(await bundle(false), 'dist/entry.mjs').size > 2)
  const outputs = await bundle(true)
  const read = startsWith(outputs, 'dist/entry.mjs')
  assert.is(read.size, 2)
  const sources = [...read].flatMap((file) => Object.keys(outputs[file]!.inputs))
  assert.ok(sources.includes('src/shared.ts'))
  assert.not.ok(sources.some((source) => /one\.ts$|two\.ts$/.test(source) && !source.includes('only')))
})

test('what is shared is shared', async () => {
  await bundle(true)
  const run = (which: string): string =>
    execFileSync(process.execPath, [path.join(folder.path, 'dist/entry.mjs'), which], { encoding: 'utf8' })
  assert.is(run('main'), 'main1!\n')
  assert.is(run('one'), 'one1!\n')
  assert.is(run('two'), 'two1\n')
})

test.run()
