/** `sdk/README.md`, done as it says: its files written, its commands run, in a folder outside the repository. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { installedCommand, pack, run, usesInstalledCommand } from '../install/installed-command.js'
import { filesIn, ROOT, workFolder } from '../pipelines/chunkflow.js'

const test = suite('ten minutes')
usesInstalledCommand(test)
const folder = workFolder()
test.after(() => folder.remove())

const page = readFileSync(path.join(ROOT, 'sdk/README.md'), 'utf8')
const home = folder.file('sample')
const env = { CHUNKFLOW_DATA_DIR: folder.file('data') }

interface Section {
  readonly title: string
  readonly block: string
}
/** Sections of the page with their first code block. */
const sections: readonly Section[] = page
  .split(/^#{2,3} /m)
  .slice(1)
  .map((text) => ({
    title: text.slice(0, text.indexOf('\n')),
    block: /```[a-z]*\n([\s\S]*?)```/.exec(text)?.[1] ?? '',
  }))

/** Writes the files that titles name; a later section replaces what an earlier one wrote. */
function writeFiles(chosen: readonly Section[]): string[] {
  return chosen.flatMap(({ title, block }) => {
    const name = /`([\w./-]+\.(?:json|md|ts))`/.exec(title)?.[1]
    if (name === undefined) return []
    mkdirSync(path.dirname(path.join(home, name)), { recursive: true })
    writeFileSync(path.join(home, name), block)
    return [name]
  })
}

/** Runs the commands of the page. */
async function follow(commands: readonly string[]): Promise<string> {
  let printed = ''
  for (const command of commands) {
    const [program, ...args] = command.split(' ')
    if (program === 'npm') printed += run('npm', [...args, '--ignore-scripts', '--prefer-offline'], home)
    else {
      assert.is(program, 'chunkflow', command)
      const { code, stdout, stderr } = await installedCommand().chunkflow(args, { cwd: home, env })
      assert.is(code, 0, `${command}\n${stderr}`)
      printed += stdout
    }
  }
  return printed
}

const kernels = sections.findIndex(({ title }) => title.startsWith('Kernels'))
const commands = sections
  .find(({ title }) => title.includes('Build, install, use'))!
  .block.trim()
  .split('\n')

test('the steps', async () => {
  assert.equal(writeFiles(sections.slice(0, kernels)), [
    'package.json',
    'src/operators/add-constant.ts',
    'src/plugin.ts',
    'src/operators/add-constant.test.ts',
    'README.md',
  ])
  // the SDK as it will be in a registry
  const manifest = path.join(home, 'package.json')
  const sdk = `file:${pack(path.join(ROOT, 'sdk'))}`
  writeFileSync(
    manifest,
    readFileSync(manifest, 'utf8').replace(/("@chunkflow\/sdk": )"0.1.0"/, `$1"${sdk}"`),
  )
  const printed = await follow(commands)
  assert.match(printed, /Passed: +2\d/)
  assert.match(printed, 'chunkflow-plugin-sample 1.2.3: add-constant')
  assert.match(printed, 'chunkflow-plugin-sample: uninstalled')
  assert.ok(filesIn(home).includes('a.h5'))
  assert.match(readFileSync(path.join(home, 'README.md'), 'utf8'), '`--amount` `-a` | integer | required')
})

test('the kernel', async () => {
  assert.equal(writeFiles(sections.slice(kernels)), [
    'src/kernels/assembly/add.ts',
    'src/operators/add-constant.ts',
  ])
  const printed = await follow(commands.filter((command) => command !== 'npm install'))
  assert.match(printed, /Passed: +2\d/)
  assert.ok(filesIn(home).includes('src/kernels/add.wasm.ts'))
})

test('every member and suite that the page names exists', async () => {
  const testing = (await import('@chunkflow/sdk/testing')) as Record<string, unknown>
  const sdk = (await import('@chunkflow/sdk')) as Record<string, unknown>
  for (const [, name] of page.matchAll(/^\| `(\w+Conformance)`/gm))
    assert.type(testing[name!], 'function', name)
  for (const [, name] of page.matchAll(/`([A-Z][A-Z_]+)`/g)) assert.type(sdk[name!], 'object', name)
})

test.run()
