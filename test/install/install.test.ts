/** Installing, updating and removing plugins with nothing but an npm registry, here one on loopback. */
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { askPython } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CommandResult, workFolder } from '../pipelines/chunkflow.js'
import {
  ENVIRONMENT,
  type InstalledCommand,
  installedCommand,
  usesInstalledCommand,
} from './installed-command.js'
import { type NpmRegistry, npmRegistry } from './npm-registry.js'
import { type MadePlugin, makePackage, makePlugin, operatorPlugin } from './plugin-fixtures.js'

const test = suite('installing plugins')
usesInstalledCommand(test)
const folder = workFolder()
const data = folder.file('data with a space')
let registry: NpmRegistry
let command: InstalledCommand
let one: MadePlugin
let two: MadePlugin

const environment = () => ({
  CHUNKFLOW_DATA_DIR: data,
  CHUNKFLOW_CONFIG_DIR: folder.file('config'),
  npm_config_registry: registry.url,
  npm_config_cache: folder.file('npm-cache'),
})
const chunkflow = (line: string, env = {}): Promise<CommandResult> =>
  command.chunkflow(line.split(' '), { cwd: folder.cwd, env: { ...environment(), ...env } })
const succeeds = async (line: string): Promise<CommandResult> => {
  const result = await chunkflow(line)
  assert.is(result.code, 0, `${line}\n${result.stdout}${result.stderr}`)
  return result
}
const refused = async (line: string, words: string | RegExp, env = {}): Promise<void> => {
  const { code, stdout, stderr } = await chunkflow(line, env)
  assert.is(code, 2, `${line}\n${stdout}${stderr}`)
  assert.match(stderr, words)
}
interface Listed {
  readonly package: string
  readonly version: string
  readonly origin: string
}
const installed = async (): Promise<string[]> =>
  (JSON.parse((await succeeds('plugins --json')).stdout) as Listed[])
    .filter(({ origin }) => origin !== 'first-party')
    .map((plugin) => `${plugin.package} ${plugin.version} ${plugin.origin}`)

test.before(async () => {
  command = installedCommand()
  registry = await npmRegistry()
  one = await operatorPlugin('say-hello', '1.0.0', `permissions: ['network']`)
  two = await operatorPlugin('say-hello', '1.1.0', `permissions: ['network', 'subprocess']`)
})
test.after(async () => {
  await registry.close()
  folder.remove()
})

test('without a terminal and without --yes nothing is installed', async () => {
  registry.publish(one.manifest, one.tarball)
  const { code, stderr } = await chunkflow('plugins install say-hello')
  assert.is(code, 2)
  assert.match(stderr, /operators +say-hello/)
  assert.match(stderr, /declares +network/)
  assert.match(stderr, 'Nothing is sandboxed')
  assert.match(stderr, 'scripts say --yes')
  assert.not.ok(existsSync(data))
})

test('by name, updated to a newer version, and uninstalled without a trace', async () => {
  const { stdout, stderr } = await succeeds('plugins install --yes say-hello')
  assert.match(stdout, 'say-hello 1.0.0: say-hello')
  assert.match(stderr, 'looking at say-hello')
  assert.match((await succeeds('say-hello')).stdout, 'say-hello 1.0.0')
  assert.match((await succeeds('plugins update')).stdout, 'say-hello 1.0.0: up to date')
  registry.publish(two.manifest, two.tarball)
  // it wants more than before: somebody must agree
  const silent = await chunkflow('plugins update')
  assert.is(silent.code, 1)
  assert.match(silent.stderr, 'stays as it is')
  assert.match((await succeeds('say-hello')).stdout, 'say-hello 1.0.0')
  assert.match((await succeeds('plugins update --yes say-hello')).stdout, 'say-hello 1.0.0 → 1.1.0')
  assert.match((await succeeds('say-hello')).stdout, 'say-hello 1.1.0')
  assert.equal(await installed(), ['say-hello 1.1.0 installed'])
  await succeeds('plugins uninstall say-hello')
  assert.not.ok(existsSync(data), 'the data folder is gone')
  await refused('say-hello', "No such command 'say-hello'")
})

test('a version is pinned until it is installed otherwise', async () => {
  await succeeds('plugins install --yes say-hello@1.0.0')
  assert.match((await succeeds('plugins update --yes')).stdout, 'pinned to this version')
  await succeeds('plugins install --yes say-hello')
  assert.equal(await installed(), ['say-hello 1.1.0 installed'])
  assert.match((await succeeds('plugins update')).stdout, 'say-hello 1.1.0: up to date')
})

test('from a tarball and from a folder, by relative paths, also where one is there already', async () => {
  cpSync(one.tarball, folder.file('hello.tgz'))
  await succeeds('plugins install --yes hello.tgz')
  assert.equal(await installed(), ['say-hello 1.0.0 installed'])
  assert.match((await succeeds('plugins update --yes')).stdout, 'came from a file')
  // the tarball was copied: it may go away
  cpSync(two.folder, folder.file('hello'), {
    recursive: true,
    filter: (file) => !file.includes('node_modules'),
  })
  await succeeds('plugins install --yes ./hello')
  assert.match((await succeeds('say-hello')).stdout, 'say-hello 1.1.0')
  assert.is(readdirSync(path.join(data, 'tarballs')).length, 1)
  await succeeds('plugins uninstall say-hello')
  assert.not.ok(existsSync(data))
})

test('a linked folder counts as it is built', async () => {
  const linked = folder.file('hello')
  await succeeds('plugins link hello')
  assert.equal(await installed(), ['say-hello 1.1.0 linked'])
  await refused('plugins install --yes hello.tgz', 'say-hello is linked to')
  assert.match((await succeeds('say-hello')).stdout, 'say-hello 1.1.0')
  await succeeds('plugins uninstall say-hello')
  assert.ok(existsSync(path.join(linked, 'chunkflow.plugin.json')))
  assert.not.ok(existsSync(data))
})

test('what cannot work is refused with its reason, and nothing is left behind', async () => {
  const notOurs = makePackage('not-ours', '1.0.0', { 'index.js': '' })
  const colliding = await operatorPlugin('my-threshold', '1.0.0', '', 'threshold')
  const reserved = await operatorPlugin('my-doctor', '1.0.0', '', 'doctor')
  const future = await operatorPlugin('from-tomorrow', '1.0.0', 'apiVersion: 9')
  for (const { manifest, tarball } of [notOurs, colliding, reserved, future])
    registry.publish(manifest, tarball)
  writeFileSync(folder.file('damaged.tgz'), 'not gzip')
  await Promise.all(
    (
      [
        ['no-such-plugin', 'The npm registry has no package no-such-plugin'],
        ['say-hello@7.0.0', 'not this version: say-hello@7.0.0'],
        ['./missing.tgz', 'There is no '],
        ['damaged.tgz', 'is not an npm tarball'],
        ['config', 'has no package config'],
        ['not-ours', 'not-ours is not a Chunkflow plugin'],
        ['my-threshold', 'operator "threshold" exists already in @chunkflow/plugin-image'],
        ['my-doctor', 'operator name "doctor" is a command of the host'],
        ['from-tomorrow', 'it was built for plugin API 9; this host understands 0 and 1'],
      ] as const
    ).map(([line, words]) => refused(`plugins install --yes ${line}`, words)),
  )
  assert.not.ok(existsSync(data))
  await refused('plugins install --yes say-hello', 'The npm registry does not answer', {
    npm_config_registry: 'http://127.0.0.1:9/',
  })
  await refused('plugins uninstall say-hello', 'No plugin named say-hello is installed')
  assert.match((await succeeds('plugins install --help')).stdout, 'chunkflow plugins install [--yes]')
  await refused('plugins instal', 'did you mean install or uninstall?')
  await refused('plugins install --yse x', 'did you mean --yes?')
})

test('a dependency that is missing leaves the older version as it is', async () => {
  await succeeds('plugins install --yes say-hello@1.0.0')
  const needy = await operatorPlugin('say-hello', '1.2.0', `permissions: ['network']`)
  registry.publish({ ...needy.manifest, dependencies: { 'no-such-dependency': '1.0.0' } }, needy.tarball)
  const { code, stderr } = await chunkflow('plugins install --yes say-hello')
  assert.is(code, 2)
  assert.match(stderr, 'no-such-dependency')
  assert.match((await succeeds('say-hello')).stdout, 'say-hello 1.0.0')
  await succeeds('plugins uninstall say-hello')
})

test('plugins bring dependencies of their own, also the same one in other versions', async () => {
  for (const [version, name] of [
    ['1.0.0', 'needs-old'],
    ['2.0.0', 'needs-new'],
  ] as const) {
    const dependency = makePackage('shared-words', version, {
      'dist/plugin.js': `export const words = 'words ${version}'`,
    })
    registry.publish(dependency.manifest, dependency.tarball)
    const needing = await makePlugin(name, '1.0.0', {
      'plugin.ts': `import { definePlugin } from '@chunkflow/sdk'
export default definePlugin({ name: '${name}', operators: { '${name}': () => import('./operator.js') } })`,
      'operator.ts': `import { defineOperator } from '@chunkflow/sdk'
export default defineOperator({
  name: '${name}', summary: 'Say words', examples: [], flags: {}, effects: 'pure',
  create: async ({ logger }) => {
    const { words } = await import('shared-words')
    return { run: () => logger.result(words) }
  },
})`,
    })
    registry.publish({ ...needing.manifest, dependencies: { 'shared-words': version } }, needing.tarball)
    await succeeds(`plugins install --yes ${name}`)
  }
  assert.equal((await succeeds('needs-old needs-new')).stdout.trim().split('\n'), [
    'words 1.0.0',
    'words 2.0.0',
  ])
  await succeeds('plugins uninstall needs-old needs-new')
  assert.not.ok(existsSync(data))
})

test('a person is asked, and no is no', async () => {
  for (const [answer, code] of [
    ['n', 1],
    ['y', 0],
  ] as const) {
    const printed = askPython(['pty'], TERMINAL, {
      args: [
        JSON.stringify({ ...ENVIRONMENT, ...environment(), npm_config_registry: 'http://127.0.0.1:9/' }),
        answer,
        process.execPath,
        path.join(command.consumer, 'node_modules/chunkflow/bin/chunkflow.mjs'),
        'plugins',
        'install',
        one.tarball,
      ],
    })
    if (printed === null) return
    assert.match(printed, /declares +network/)
    assert.match(printed, 'Install it? [y/N]')
    assert.match(printed, `exit ${code}`)
    assert.is(existsSync(data), answer === 'y')
  }
  await succeeds('plugins uninstall say-hello')
})

/** Runs a command in a terminal and types an answer when it is asked. */
const TERMINAL = `
import json, os, pty, sys
environment, answer, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execve(command[0], command, json.loads(environment))
printed = b''
answered = False
while True:
    try:
        data = os.read(terminal, 4096)
    except OSError:
        break
    if not data:
        break
    printed += data
    if not answered and b'[y/N]' in printed:
        os.write(terminal, answer.encode() + b'\\n')
        answered = True
print(printed.decode())
print('exit', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

test('other things in the data folder stay', async () => {
  mkdirSync(path.join(data, 'plugins'), { recursive: true })
  writeFileSync(path.join(data, 'plugins/own.ts'), '')
  await succeeds(`plugins install --yes ${one.tarball}`)
  await succeeds('plugins uninstall say-hello')
  assert.equal(readdirSync(data), ['plugins'])
})

test.run()
