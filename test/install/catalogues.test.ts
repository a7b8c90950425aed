/** Registries: looked through, used to find plugins by operator, and taken at their word about hashes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { workFolder } from '../pipelines/chunkflow.js'
import { type InstalledCommand, installedCommand, usesInstalledCommand } from './installed-command.js'
import { integrityOf, type NpmRegistry, npmRegistry } from './npm-registry.js'
import { type MadePlugin, operatorPlugin } from './plugin-fixtures.js'

const LOGIN = `Basic ${Buffer.from('lab:secret').toString('base64')}`

const test = suite('registries of plugins')
usesInstalledCommand(test)
const folder = workFolder()
const data = folder.file('data')
const configuration = folder.file('config')
let npm: NpmRegistry
let command: InstalledCommand
let plugin: MadePlugin
let other: MadePlugin
let web: Server

const chunkflow = (line: string) =>
  command.chunkflow(line.split(' '), {
    cwd: folder.cwd,
    env: {
      CHUNKFLOW_DATA_DIR: data,
      CHUNKFLOW_CONFIG_DIR: configuration,
      npm_config_registry: npm.url,
      npm_config_cache: folder.file('npm-cache'),
    },
  })
const succeeds = async (line: string): Promise<string> => {
  const { code, stdout, stderr } = await chunkflow(line)
  assert.is(code, 0, `${line}\n${stdout}${stderr}`)
  return stdout
}
const refused = async (line: string, words: string | RegExp): Promise<void> => {
  const { code, stdout, stderr } = await chunkflow(line)
  assert.is(code, 2, `${line}\n${stdout}${stderr}`)
  assert.match(stderr, words)
}
const slice = ({ folder: home }: MadePlugin): object =>
  JSON.parse(readFileSync(path.join(home, 'chunkflow.plugin.json'), 'utf8'))
const writeCatalogue = (name: string, ...plugins: object[]): void =>
  writeFileSync(folder.file(name), JSON.stringify({ schema: 1, plugins }))
const configure = (content: object): void => {
  mkdirSync(configuration, { recursive: true })
  writeFileSync(path.join(configuration, 'config.json'), JSON.stringify(content))
}

test.before(async () => {
  command = installedCommand()
  npm = await npmRegistry()
  plugin = await operatorPlugin('lab-skeletons', '2.0.0', `permissions: ['subprocess']`, 'lab-skeletonize')
  other = await operatorPlugin('other-skeletons', '1.0.0', '', 'lab-skeletonize')
  npm.publish(plugin.manifest, plugin.tarball)
  writeCatalogue('lab.json', { ...slice(plugin), integrity: integrityOf(plugin.tarball) })
  web = createServer(({ headers }, response) => {
    response.statusCode = headers.authorization === LOGIN ? 200 : 401
    response.end(readFileSync(folder.file('lab.json')))
  })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
})
test.after(async () => {
  await npm.close()
  web.close()
  web.closeAllConnections()
  folder.remove()
})

test('are searched and shown', async () => {
  assert.match(await succeeds('registry search threshold'), '@chunkflow/plugin-image')
  const found = await succeeds('registry search --registry lab.json skeletonize')
  assert.match(found, /lab-skeletonize +lab-skeletons .*available: 2\.0\.0/)
  const shown = await succeeds('registry show lab-skeletonize --registry lab.json')
  assert.match(shown, 'lab-skeletons 2.0.0 (available, plugin API 1)')
  assert.match(shown, 'declares subprocess; declarations inform, nothing is sandboxed')
  assert.match(shown, integrityOf(plugin.tarball))
  const json = JSON.parse(await succeeds('registry show --json image')) as {
    package: string
    state: string
  }[]
  assert.equal(
    json.map((entry) => [entry.package, entry.state]),
    [['@chunkflow/plugin-image', 'first-party']],
  )
  assert.is((await chunkflow('registry search no-such-words')).code, 1)
  await refused('registry show nothing', 'No plugin or operator named "nothing"')
})

test('suggest a package for an unknown operator when the configuration names them', async () => {
  await refused('create-chunk lab-skeletonize', 'did you mean skeletonize')
  const host = `127.0.0.1:${(web.address() as AddressInfo).port}`
  configure({ registries: [`http://lab:secret@${host}/lab.json`] })
  await refused(
    'create-chunk lab-skeletonize',
    `it is in lab-skeletons, says http://${host}/lab.json: chunkflow plugins install --operator lab-skeletonize`,
  )
  configure({ registries: [`http://lab:other@${host}/lab.json`] })
  await refused(
    'create-chunk lab-skeletonize',
    `http://${host}/lab.json: Cannot read the registry: the server answers 401`,
  )
  // one that cannot be read does not hide what is wrong with the chain
  configure({ registries: ['missing.json'] })
  await refused('create-chunk lab-skeletonize', /No such command 'lab-skeletonize'[\s\S]*missing\.json/)
  await refused('create-chunk treshold', 'did you mean threshold?')
  configure({})
})

test('find the package of an operator; a listed hash is verified', async () => {
  await refused('plugins install --yes --operator lab-skeletonize', 'No registry lists')
  await refused('plugins install --yes --operator threshold', '"threshold" is there already')
  const { code, stdout, stderr } = await chunkflow(
    'plugins install --yes --operator lab-skeletonize --registry lab.json',
  )
  assert.is(code, 0, stderr)
  assert.match(stderr, /sha512 +as listed by .*lab\.json/)
  assert.match(stdout, 'lab-skeletons 2.0.0: lab-skeletonize')
  assert.match(await succeeds('lab-skeletonize'), 'lab-skeletons 2.0.0')
  await succeeds('plugins uninstall lab-skeletons')
  writeCatalogue('both.json', slice(plugin), slice(other))
  await refused(
    'plugins install --yes --operator lab-skeletonize --registry both.json',
    'install one by name: lab-skeletons, other-skeletons',
  )
})

test('a tarball with another hash is not installed, whichever way it comes', async () => {
  writeCatalogue('wrong.json', { ...slice(plugin), integrity: `sha512-${'A'.repeat(86)}==` })
  for (const word of ['lab-skeletons', 'lab-skeletons@2.0.0', plugin.tarball, '--operator lab-skeletonize'])
    await refused(
      `plugins install --yes --registry wrong.json ${word}`,
      'is not the one that the registry lists',
    )
  // a registry of the configuration counts also when nobody mentions it
  configure({ registries: [folder.file('wrong.json')] })
  await refused('plugins install --yes lab-skeletons', 'is not the one that the registry lists')
  // what cannot be read cannot vouch
  configure({ registries: [folder.file('missing.json')] })
  await refused('plugins install --yes lab-skeletons', 'Cannot read the registry')
  configure({})
  // npm itself compares with what the npm registry says
  npm.tamper('lab-skeletons', '2.0.0', other.tarball)
  await refused('plugins install --yes lab-skeletons', /lab-skeletons.*(integrity|sha512)/i)
  assert.not.ok(existsSync(data), 'nothing was installed')
})

test('that do not follow the schema are refused with the place', async () => {
  const broken = { ...slice(plugin), version: 7 }
  writeCatalogue('broken.json', broken)
  await refused('registry search --registry broken.json x', 'plugins.0.version must be a string')
  writeCatalogue('incomplete.json', { package: 'x' })
  await refused('registry search --registry incomplete.json x', 'plugins.0.version is missing')
  writeCatalogue('hash.json', { ...slice(plugin), integrity: 'md5-x' })
  await refused('registry search --registry hash.json x', 'plugins.0.integrity has the wrong form')
  writeFileSync(folder.file('text.json'), 'hello')
  await refused('registry search --registry text.json x', 'it is not JSON')
})

test.run()
