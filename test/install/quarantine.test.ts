/** A plugin that cannot be used is put aside whole, named with its reason, and everything else works. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { workFolder } from '../pipelines/chunkflow.js'
import { type InstalledCommand, installedCommand, usesInstalledCommand } from './installed-command.js'
import { makePackage, operatorPlugin } from './plugin-fixtures.js'

const test = suite('quarantine')
usesInstalledCommand(test)
const folder = workFolder()
test.after(() => folder.remove())

const env = { CHUNKFLOW_DATA_DIR: folder.file('data'), CHUNKFLOW_CONFIG_DIR: folder.file('config') }
const record = path.join(env.CHUNKFLOW_DATA_DIR, 'package.json')
let command: InstalledCommand
const chunkflow = (line: string) => command.chunkflow(line.split(' '), { cwd: folder.cwd, env })
const succeeds = async (line: string) => {
  const result = await chunkflow(line)
  assert.is(result.code, 0, `${line}\n${result.stdout}${result.stderr}`)
  return result
}
const operator = (name: string): object => ({
  name,
  aliases: [],
  role: 'operator',
  effects: 'pure',
  summary: 'Do nothing',
  examples: [],
  flags: {},
})
const slice = (name: string, extra: object = {}): object => ({
  package: name,
  version: '1.0.0',
  apiVersion: 1,
  description: '',
  operators: [operator(`${name}-operator`)],
  services: [],
  hooks: [],
  permissions: [],
  ...extra,
})
const PLUGIN = `export default { [Symbol.for('chunkflow.Plugin')]: 1, name: 'x', apiVersion: 1, operators: {}, provides: [], hooks: [], workers: {}, assets: {}, permissions: [] }`
const make = (name: string, extra: object = {}, code = PLUGIN): string =>
  makePackage(name, '1.0.0', { 'chunkflow.plugin.json': slice(name, extra), 'dist/plugin.js': code }).folder

const REASONS: Readonly<Record<string, RegExp>> = {
  throws: /it cannot be loaded: no such GPU/,
  exits: /it ended the process with code 3/,
  collides: /operator "threshold" exists already in @chunkflow\/plugin-image/,
  'takes-file': /service "chunkflow\.storage\/file" exists already in @chunkflow\/plugin-storage-file/,
  'same-hook': /hook "progress" exists already in @chunkflow\/plugin-progress/,
  tomorrow: /it was built for plugin API 9; this host understands 0 and 1/,
  reshaped: /it was built for plugin API 9, which this host does not understand/,
  'no-slice': /chunkflow\.plugin\.json is missing/,
  'bad-slice': /chunkflow\.plugin\.json cannot be read/,
  'odd-slice': /its list of contributions has damaged operators/,
}

test.before(async () => {
  command = installedCommand()
  const { tarball } = await operatorPlugin('healthy', '1.0.0')
  await succeeds(`plugins install --yes ${tarball}`)
  const service = (token: string, key: string): object => ({ services: [{ token, version: 1, key }] })
  const folders = {
    exits: make('exits', {}, 'process.exit(3)'),
    collides: make('collides', { operators: [operator('collides-operator'), operator('threshold')] }),
    'takes-file': make('takes-file', service('chunkflow.storage', 'file')),
    'same-hook': make('same-hook', { hooks: [{ name: 'progress', summary: 'Another' }] }),
    tomorrow: make('tomorrow', { apiVersion: 9 }),
    reshaped: make('reshaped', { apiVersion: 9, operators: { all: 'new' } }),
    'no-slice': make('no-slice'),
    'bad-slice': make('bad-slice'),
    'odd-slice': make('odd-slice', { operators: [{ name: 'odd-operator' }] }),
  }
  rmSync(path.join(folders['no-slice'], 'chunkflow.plugin.json'))
  writeFileSync(path.join(folders['bad-slice'], 'chunkflow.plugin.json'), '{"package":')
  // what was linked while it was whole: the record is what the plugin manager writes
  const manifest = JSON.parse(readFileSync(record, 'utf8'))
  for (const [name, root] of Object.entries(folders))
    manifest.oclif.plugins.push({ name, root, type: 'link' })
  writeFileSync(record, JSON.stringify(manifest))
  const throwing = make('throws', service('chunkflow.reader', 'a-throwing'), `throw new Error('no such GPU')`)
  const { code, stderr } = await chunkflow(`plugins link ${throwing}`)
  assert.is(code, 1)
  assert.match(stderr, 'throws is installed but cannot be used: it cannot be loaded: no such GPU')
})

test('all are named by plugins, with their reasons', async () => {
  const { stdout } = await succeeds('plugins')
  const listed = JSON.parse((await succeeds('plugins --json')).stdout) as {
    package: string
    usable: boolean
    reason?: string
  }[]
  for (const [name, reason] of Object.entries(REASONS)) {
    const found = listed.find((plugin) => plugin.package === name)
    assert.is(found?.usable, false, name)
    assert.match(found!.reason!, reason)
    assert.match(stdout, new RegExp(`${name} .*cannot be used\\)\n +.*${reason.source}`))
  }
  assert.equal(
    listed
      .filter((plugin) => plugin.usable && !plugin.package.startsWith('@chunkflow/'))
      .map((p) => p.package),
    ['healthy'],
  )
})

test('doctor names them and fails', async () => {
  const { code, stdout } = await chunkflow('doctor')
  assert.is(code, 1)
  for (const [name, reason] of Object.entries(REASONS))
    assert.match(stdout, new RegExp(`fail +${name} .*${reason.source}`))
  assert.match(stdout, /ok +healthy/)
})

test('naming one of their operators says why it does not work', async () => {
  for (const [name, words] of [
    ['throws-operator', /throws could not be loaded: no such GPU/],
    ['collides-operator', /is in collides, which cannot be used: operator "threshold" exists already/],
    ['tomorrow-operator', /is in tomorrow, which cannot be used: it was built for plugin API 9/],
    ['no-slice-operator', /No such command.*[\s\S]*no-slice cannot be used/],
  ] as const) {
    const { code, stderr } = await chunkflow(`create-chunk ${name}`)
    assert.is(code, 2)
    assert.match(stderr, words)
  }
})

test('everything else works', async () => {
  await succeeds('create-chunk threshold save-h5 -f a.h5')
  await succeeds('--help')
  assert.match((await succeeds('healthy')).stdout, 'healthy 1.0.0')
  // every reader is asked whether it knows the file, the broken one too
  const { stdout, stderr } = await succeeds('generate-tasks -v a.h5 --chunk-size 64 64 64')
  assert.match(stdout, 'executing task 0 in 1')
  assert.match(stderr, /left out "a-throwing": throws could not be loaded: no such GPU/)
})

test('a damaged record of plugins costs the plugins, not the rest', async () => {
  writeFileSync(record, '{')
  await succeeds('create-chunk')
  assert.match((await succeeds('plugins')).stdout, 'the list of installed plugins cannot be read')
})

test.run()
