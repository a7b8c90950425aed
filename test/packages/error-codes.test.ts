/** Codes, their table and their use agree: every code raised is listed, every listed code is raised. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { KERNEL_ERROR_CODES } from '@chunkflow/kernel/authoring'
import { SDK_ERROR_CODES } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT } from '../pipelines/chunkflow.js'

const test = suite('error codes')

/** Codes that belong to no plugin alone. */
const COMMON = { ...KERNEL_ERROR_CODES, ...SDK_ERROR_CODES }

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && entry.name.endsWith('.ts') && !/\.test\.ts$|\.wasm\.ts$/.test(entry.name),
    )
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !/\/(testing|assembly)\//.test(file))
}
/** Code-like literals of a package outside its tables. */
const literals = (folder: string): Set<string> =>
  new Set(
    sources(folder)
      .filter((file) => !/\/(errors|codes)\.ts$/.test(file))
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(/'([a-z0-9]+(?:-[a-z0-9]+)+|unexpected)'/g)].map(
          (match) => match[1]!,
        ),
      ),
  )
const raised = (folder: string): Set<string> =>
  new Set(
    sources(folder).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/chunkflowError\(\s*'([a-z0-9-]+)'/g)].map(
        (match) => match[1]!,
      ),
    ),
  )

const plugins = readdirSync(path.join(ROOT, 'plugins'))
for (const name of plugins) {
  test(`plugin ${name}`, async () => {
    const folder = path.join(ROOT, 'plugins', name, 'src')
    const tables = (await import(path.join(folder, 'errors.ts')).catch(() => ({}))) as Record<
      string,
      Record<string, string>
    >
    const [table = {}] = Object.values(tables)
    const codes = Object.keys(table)
    assert.equal(codes, [...codes].sort(), 'the table is alphabetical')
    for (const code of raised(folder))
      assert.ok(code in table || code in COMMON, `${code} is raised but not listed`)
    const used = literals(folder)
    for (const code of codes) assert.ok(used.has(code), `${code} is listed but never raised`)
    for (const sentence of Object.values(table)) assert.match(sentence, /^[A-Z].*\.$/)
  })
}

test('kernel, SDK and command line', () => {
  for (const table of [KERNEL_ERROR_CODES, SDK_ERROR_CODES])
    assert.equal(Object.keys(table), Object.keys(table).sort())
  for (const code of Object.keys(SDK_ERROR_CODES)) assert.not.ok(code in KERNEL_ERROR_CODES, code)
  const folders = [path.join(ROOT, 'kernel/src'), path.join(ROOT, 'cli/src'), path.join(ROOT, 'sdk/src')]
  for (const folder of folders)
    for (const code of raised(folder)) assert.ok(code in COMMON, `${code} is raised but not listed`)
  const used = new Set([...folders, path.join(ROOT, 'plugins')].flatMap((folder) => [...literals(folder)]))
  for (const code of Object.keys(COMMON)) assert.ok(used.has(code), `${code} is listed but never raised`)
})

test.run()
