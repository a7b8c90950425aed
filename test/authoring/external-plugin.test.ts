/**
 * The proof of the contracts: a plugin from outside, built against an SDK of another version, packed, installed into a
 * command that was itself installed from packed tarballs, and used in a chain with first-party loaders and savers.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ENVIRONMENT,
  installedCommand,
  pack,
  run,
  usesInstalledCommand,
} from '../install/installed-command.js'
import { ROOT, readHdf5, sum, workFolder } from '../pipelines/chunkflow.js'

const test = suite('external plugin')
usesInstalledCommand(test)
const folder = workFolder()
test.after(() => folder.remove())

const data = folder.file('data')
const environment = { ...ENVIRONMENT, CHUNKFLOW_DATA_DIR: data, SAMPLE_STORAGE: folder.file('storage') }
const readJson = (file: string): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8'))
const writeJson = (file: string, value: unknown): void => writeFileSync(file, JSON.stringify(value, null, 2))

let consumer = ''
const bin = (): string => path.join(consumer, 'node_modules/chunkflow/bin/chunkflow.mjs')
const chunkflow = (...args: string[]): string =>
  execFileSync(process.execPath, [bin(), ...args], {
    cwd: consumer,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

test('the command works from packed tarballs', () => {
  consumer = installedCommand().consumer
  assert.not.ok(existsSync(path.join(consumer, 'node_modules/@chunkflow/sdk')), 'the command needs no SDK')
  assert.match(chunkflow('doctor'), '@chunkflow/plugin-image')
  chunkflow('create-chunk', '--size', '8', '16', '24', 'downsample', 'save-h5', '-f', 'a.h5')
  assert.ok(existsSync(path.join(consumer, 'a.h5')))
})

test('a plugin of another SDK version is built, packed and installed', () => {
  const sdk = folder.file('sdk')
  cpSync(path.join(ROOT, 'sdk'), sdk, {
    recursive: true,
    filter: (source) => !source.includes('node_modules'),
  })
  writeJson(path.join(sdk, 'package.json'), {
    ...readJson(path.join(sdk, 'package.json')),
    version: '0.0.7',
    devDependencies: {},
  })
  const source = folder.file('sample')
  cpSync(path.join(ROOT, 'test/external-plugin'), source, { recursive: true })
  run('npm', ['install', '--ignore-scripts', '--prefer-offline', '--save-dev', pack(sdk)], source)
  assert.is(readJson(path.join(source, 'node_modules/@chunkflow/sdk/package.json')).version, '0.0.7')
  // the bundler's program is a file of its package; only its shortcut is made by an install script
  assert.match(run('npm', ['run', 'build'], source), 'chunkflow-plugin-sample 1.2.3: add-constant')
  const tarball = pack(source)
  const output = chunkflow('plugins', 'install', '--yes', tarball)
  assert.match(output, 'chunkflow-plugin-sample 1.2.3: add-constant')
  const listed = JSON.parse(chunkflow('plugins', '--json')) as {
    package: string
    origin: string
    usable: boolean
    services: string[]
  }[]
  assert.equal(
    listed
      .filter(({ origin }) => origin === 'installed')
      .map((plugin) => [plugin.package, plugin.usable, plugin.services]),
    [['chunkflow-plugin-sample', true, ['chunkflow.storage/sample', 'chunkflow.viewer/sample']]],
  )
})

test('its operator runs between ours, its storage scheme serves our volumes, its hook runs when asked', async () => {
  assert.match(chunkflow('--help'), 'add-constant')
  assert.match(chunkflow('add-constant', '--help'), '--amount')
  chunkflow(
    'create-chunk',
    '--size',
    '8',
    '16',
    '24',
    'add-constant',
    '--amount',
    '3',
    'save-precomputed',
    '-v',
    'sample://volume/layer',
    '--block-size',
    '8',
    '16',
    '24',
  )
  assert.ok(existsSync(folder.file('storage/volume/layer/info')))
  chunkflow(
    'load-precomputed',
    '-v',
    'sample://volume/layer',
    'save-h5',
    '-f',
    'b.h5',
    'add-constant',
    '-a',
    '253',
    'save-h5',
    '-f',
    'c.h5',
  )
  const read = async (name: string): Promise<ArrayLike<number | bigint>> => {
    const opened = await readHdf5(path.join(consumer, name))
    const { values } = opened.dataset('main')
    opened.close()
    return values
  }
  chunkflow('create-chunk', '--size', '8', '16', '24', 'save-h5', '-f', 'plain.h5')
  const [plain, added, wrapped] = [await read('plain.h5'), await read('b.h5'), await read('c.h5')]
  assert.equal(
    Array.from(added, Number),
    Array.from(plain, (value) => (Number(value) + 3) % 256),
  )
  assert.is(sum(wrapped), sum(plain))
  const hooked = execFileSync(
    process.execPath,
    [bin(), '--hook', 'sample-hook', '--log-file', 'log.txt', 'create-chunk'],
    { cwd: consumer, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  assert.is(hooked, '')
  assert.match(readFileSync(path.join(consumer, 'log.txt'), 'utf8'), 'sample-hook: create-chunk finished')
})

test('its viewer opens files and volumes; ours bring their pages and licences', () => {
  const shown = chunkflow('open', 'a.h5', 'sample://volume/layer', '--with', 'sample', '-v', '40', '4', '4')
  assert.is(shown, 'a: uint8 4×8×12 at 0 0 0, 40 4 4 nm\nlayer: a volume of uint8, 40 4 4 nm\n')
  const pages = path.join(consumer, 'node_modules/@chunkflow/plugin-neuroglancer/dist/page')
  for (const name of [
    'neuroglancer/main.js',
    'neuroglancer/LICENSES.txt',
    'neuroglancer/main.js.LEGAL.txt',
    'view/main.js',
  ])
    assert.ok(existsSync(path.join(pages, name)), name)
  const printed = chunkflow('create-chunk', 'neuroglancer', '--no-wait', 'view', '--no-wait')
  assert.is(printed.split('Open this url in browser: ').length, 3)
})

test('a broken plugin is put aside and the rest goes on working', () => {
  const slice = path.join(data, 'node_modules/chunkflow-plugin-sample/chunkflow.plugin.json')
  writeJson(slice, { ...readJson(slice), apiVersion: 99 })
  chunkflow('create-chunk')
  assert.match(chunkflow('plugins'), 'plugin API 99')
  chunkflow('plugins', 'uninstall', 'chunkflow-plugin-sample')
  assert.equal(
    (JSON.parse(chunkflow('plugins', '--json')) as { origin: string }[]).filter(
      ({ origin }) => origin === 'installed',
    ),
    [],
  )
})

test.run()
