/** What an installed plugin brings works wherever ours does: chains, plans, files of chains, the API, our own operators. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { countValues, readHdf5, workFolder } from '../pipelines/chunkflow.js'
import { type InstalledCommand, installedCommand, run, usesInstalledCommand } from './installed-command.js'
import { makeAcme } from './plugin-fixtures.js'

const test = suite('third-party contributions')
usesInstalledCommand(test)
const folder = workFolder()
test.after(() => folder.remove())

const env = { CHUNKFLOW_DATA_DIR: folder.file('data'), CHUNKFLOW_CONFIG_DIR: folder.file('config') }
let command: InstalledCommand
const chunkflow = (line: string) => command.chunkflow(line.split(' '), { cwd: folder.cwd, env })
const succeeds = async (line: string): Promise<string> => {
  const { code, stdout, stderr } = await chunkflow(line)
  assert.is(code, 0, `${line}\n${stdout}${stderr}`)
  return stdout
}
const valuesOf = async (file: string) => {
  const opened = await readHdf5(folder.file(file))
  const { values, shape } = opened.dataset('main')
  opened.close()
  return { values, shape }
}

test.before(async () => {
  command = installedCommand()
  const { tarball } = await makeAcme()
  await succeeds(`plugins install --yes ${tarball}`)
})

test('its operator is in help, lists and plans, by name and by alias', async () => {
  assert.match(await succeeds('--help'), /double +Double every voxel/)
  assert.match(await succeeds('double --help'), '--times')
  assert.match(await succeeds('operators --json'), '"package": "chunkflow-plugin-acme"')
  assert.match(await succeeds('plan create-chunk twice'), 'double (pure) reads chunk, writes chunk')
})

test('it runs in a chain, in a pipeline file and through the API', async () => {
  const chain = 'create-chunk --size 2 3 5 --pattern zero'
  await succeeds(`${chain} save-h5 -f zero.h5`)
  await succeeds('--save-pipeline chain.json create-chunk --size 2 3 5 double --times 2 save-h5 -f file.h5')
  await succeeds('run chain.json')
  await succeeds('create-chunk --size 2 3 5 double double save-h5 -f chain.h5')
  await succeeds('create-chunk --size 2 3 5 save-h5 -f plain.h5')
  writeFileSync(
    path.join(command.consumer, 'api.mjs'),
    `import { chunkflow } from 'chunkflow'
await chunkflow().createChunk({ size: [2, 3, 5] }).step('double', { times: 2 }).saveH5({ fileName: ${JSON.stringify(folder.file('api.h5'))} }).run()
await chunkflow().createChunk({ size: [2, 3, 5] }).twice({ times: 2 }).saveH5({ fileName: ${JSON.stringify(folder.file('method.h5'))} }).run()`,
  )
  run('env', [`CHUNKFLOW_DATA_DIR=${env.CHUNKFLOW_DATA_DIR}`, process.execPath, 'api.mjs'], command.consumer)
  const wanted = Array.from((await valuesOf('plain.h5')).values, (value) => (Number(value) * 4) % 256)
  for (const file of ['chain.h5', 'file.h5', 'api.h5', 'method.h5'])
    assert.equal(Array.from((await valuesOf(file)).values, Number), wanted, file)
})

test('inference runs its backend', async () => {
  // without overlap every patch is as the backend gives it: half of value / 255
  await succeeds(
    'create-chunk --size 4 6 10 inference --framework acme -s 2 3 5 -v 0 0 0 -c 2 --output-crop-margin 0 0 0 -o result save-h5 -i result -f inferred.h5 save-h5 -f image.h5',
  )
  const { values, shape } = await valuesOf('inferred.h5')
  assert.equal(shape, [2, 4, 6, 10])
  const image = (await valuesOf('image.h5')).values
  for (const index of [0, 1, 17, 100, 239])
    for (const channel of [0, 1])
      assert.ok(
        Math.abs(Number(values[channel * 240 + index]) - Number(image[index]) / 510) < 1e-6,
        `voxel ${index}`,
      )
})

test('volumes are stored in its encoding', async () => {
  await succeeds(
    'create-chunk --size 4 6 10 save-h5 -f stored.h5 save-precomputed -v volume --encoding acme-xor --block-size 4 6 10',
  )
  assert.match(readFileSync(folder.file('volume/info'), 'utf8'), 'acme-xor')
  await succeeds('load-precomputed -v volume save-h5 -f loaded.h5')
  assert.equal((await valuesOf('loaded.h5')).values, (await valuesOf('stored.h5')).values)
  await succeeds(
    'create-info -v described --encoding acme-xor --block-size 8 8 8 --volume-size 8 8 8 -d uint8',
  )
  const { code, stderr } = await chunkflow(
    'create-info -v other --encoding acme-xro --block-size 8 8 8 --volume-size 8 8 8 -d uint8',
  )
  assert.is(code, 1)
  assert.match(stderr, 'acme-xor')
  assert.not.ok(existsSync(folder.file('other')))
})

test('open reads a file of its format and shows it in its viewer', async () => {
  writeFileSync(folder.file('small.acme'), '2 3 5')
  assert.is(await succeeds('open small.acme --with acme'), 'small 2 3 5\n')
})

test('generate-tasks asks its reader, and fills its queue; tasks come back from there', async () => {
  writeFileSync(folder.file('size.acme'), '4 6 10')
  const queue = folder.file('queue')
  assert.match(
    await succeeds(`generate-tasks -v size.acme --chunk-size 4 6 5 -q acme://${queue}`),
    'total number of tasks: 2',
  )
  assert.equal(readdirSync(queue).sort(), ['10-14_20-26_30-35', '10-14_20-26_35-40'])
  await succeeds(
    `fetch-task -q acme://${queue} --retry-times 0 create-chunk --size 2 2 2 save-h5 -f task- delete-task-in-queue`,
  )
  assert.equal(readdirSync(queue), [])
})

test('its hook runs when a flag or a configuration file names it, and not otherwise', async () => {
  assert.not.match(await succeeds('create-chunk'), 'watched')
  assert.match(await succeeds('--hook acme-watch create-chunk'), 'watched create-chunk')
  mkdirSync(env.CHUNKFLOW_CONFIG_DIR)
  const user = path.join(env.CHUNKFLOW_CONFIG_DIR, 'config.json')
  const project = folder.file('chunkflow.config.json')
  for (const file of [user, project]) {
    writeFileSync(file, JSON.stringify({ hooks: ['acme-watch'] }))
    assert.match(await succeeds('create-chunk'), 'watched create-chunk')
    assert.match(await succeeds('run chain.json'), 'watched double')
    writeFileSync(file, '{}')
  }
  const unknown = await chunkflow('--hook acme-wach create-chunk')
  assert.is(unknown.code, 2)
  assert.match(unknown.stderr, 'did you mean acme-watch?')
  // a hook that is gone costs itself, not every chain
  writeFileSync(user, JSON.stringify({ hooks: ['gone'] }))
  const { code, stderr } = await chunkflow('create-chunk')
  assert.is(code, 0)
  assert.match(stderr, 'No installed plugin has a hook named "gone"')
  writeFileSync(user, '{}')
})

test('the configuration gives defaults of options, the project before the user, and refuses what nobody reads', async () => {
  const user = path.join(env.CHUNKFLOW_CONFIG_DIR, 'config.json')
  const project = folder.file('chunkflow.config.json')
  writeFileSync(user, JSON.stringify({ defaults: { logLevel: 'error', logFile: 'user.log' } }))
  writeFileSync(project, JSON.stringify({ defaults: { logFile: 'project.log' } }))
  await succeeds('generate-tasks --grid-size 1 1 1 --chunk-size 2 2 2')
  assert.ok(existsSync(folder.file('project.log')))
  assert.not.ok(existsSync(folder.file('user.log')))
  for (const [text, words] of [
    [{ hook: ['a'] }, 'unknown "hook"'],
    [{ hooks: 'a' }, 'hooks must be an array'],
    [{ defaults: { mip: 1 } }, 'defaults: unknown "mip"'],
    [{ defaults: { logLevel: 'loud' } }, 'defaults.logLevel must be debug or info'],
  ] as const) {
    writeFileSync(project, JSON.stringify(text))
    const { code, stderr } = await chunkflow('create-chunk')
    assert.is(code, 2)
    assert.match(stderr, words)
  }
  writeFileSync(project, '{')
  const damaged = await chunkflow('create-chunk')
  assert.is(damaged.code, 2)
  assert.match(damaged.stderr, 'is not JSON')
  assert.match((await chunkflow('doctor')).stdout, /fail +.*chunkflow\.config\.json is not JSON/)
  writeFileSync(project, '{}')
})

test('its plugin stays when the command is upgraded', async () => {
  const newer = folder.file('newer')
  const installed = path.join(command.consumer, 'node_modules/chunkflow')
  run('cp', ['-r', installed, newer], folder.cwd)
  const manifest = JSON.parse(readFileSync(path.join(newer, 'package.json'), 'utf8'))
  writeFileSync(path.join(newer, 'package.json'), JSON.stringify({ ...manifest, version: '0.2.0' }))
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts'], newer)) as [
    { filename: string },
  ]
  run(
    'npm',
    ['install', '--ignore-scripts', '--prefer-offline', path.join(newer, filename)],
    command.consumer,
  )
  assert.match(await succeeds('version'), 'chunkflow/0.2.0')
  await succeeds('create-chunk --size 1 1 2 --pattern zero double save-h5 -f upgraded.h5')
  assert.equal([...countValues((await valuesOf('upgraded.h5')).values)], [[0, 2]])
})

test.run()
