/**
 * A plugin's whole life, outside the repository: begun, tested, built, packed, installed into a command that was itself installed from
 * packed tarballs, used between a first-party loader and saver and from a typed program, uninstalled.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ENVIRONMENT, installedCommand, run, usesInstalledCommand } from '../install/installed-command.js'
import { filesIn, ROOT, readHdf5, workFolder } from '../pipelines/chunkflow.js'

const test = suite('scaffold')
usesInstalledCommand(test)
const folder = workFolder()
test.after(() => folder.remove())

const env = { CHUNKFLOW_DATA_DIR: folder.file('data') }
const work = folder.file('work')
mkdirSync(work)
const chunkflow = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await installedCommand().chunkflow(args, { cwd: work, env })
  assert.is(code, 0, `chunkflow ${args.join(' ')}\n${stderr}`)
  return stdout
}
const refused = async (...args: string[]): Promise<string> => {
  const { code, stderr } = await installedCommand().chunkflow(args, { cwd: work, env })
  assert.is(code, 2, stderr)
  return stderr
}
const begun = path.join(work, 'chunkflow-plugin-brighten')
const readme = (): string => readFileSync(path.join(begun, 'README.md'), 'utf8')
const typecheck = (home: string): string => {
  try {
    return execFileSync(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', home], {
      encoding: 'utf8',
    })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

test('what cannot become a plugin is refused, and leaves nothing behind', async () => {
  mkdirSync(path.join(work, 'taken'))
  assert.match(await refused('plugins', 'new'), /What shall the plugin be called/)
  for (const name of ['../escape', '/tmp/x', 'a/b', 'Upper', '..', '@me/../x', '-x'])
    assert.match(await refused('plugins', 'new', name), /is no package name|No such option/)
  assert.match(await refused('plugins', 'new', 'taken', '--operator', 'fresh'), /exists already/)
  assert.match(await refused('plugins', 'new', 'plugin-threshold'), /"threshold" exists already in/)
  assert.match(await refused('plugins', 'new', 'mine', '--operator', 'doctor'), /is a command of chunkflow/)
  assert.match(await refused('plugins', 'new', 'mine', '--operator', '../x'), /is no name of an operator/)
  assert.match(await refused('plugins', 'new', 'mine', '--kind', 'hook'), /No such option: --kind/)
  assert.equal(readdirSync(work), ['taken'])
})

test('a plugin is begun', async () => {
  assert.match(await chunkflow('plugins', 'new', 'chunkflow-plugin-brighten'), /npm install && npm test/)
  assert.equal(readdirSync(work).sort(), ['chunkflow-plugin-brighten', 'taken'])
  assert.equal(filesIn(begun), [
    '.gitignore',
    'README.md',
    'package.json',
    'src/kernels/assembly/stretch.ts',
    'src/kernels/stretch.ts',
    'src/operators/brighten.test.ts',
    'src/operators/brighten.ts',
    'src/plugin.ts',
    'tsconfig.json',
    'vendor/chunkflow-sdk.tgz',
  ])
  for (const file of filesIn(begun))
    if (!file.endsWith('.tgz')) assert.not.match(readFileSync(path.join(begun, file), 'utf8'), /__[A-Z]+__/)
})

test('it tests, builds and packs at once', () => {
  run('npm', ['install', '--ignore-scripts', '--prefer-offline'], begun)
  assert.match(run('npm', ['test'], begun), /Passed: +2\d/)
  assert.match(run('npm', ['run', 'build'], begun), 'chunkflow-plugin-brighten 0.1.0: brighten')
  assert.match(readme(), '| `--gain` `-g` | number | `2` | factor |')
  run('npm', ['pack'], begun)
  const packed = run('tar', ['-tzf', 'chunkflow-plugin-brighten-0.1.0.tgz'], begun).split('\n')
  for (const file of ['dist/plugin.js', 'chunkflow.plugin.json', 'README.md'])
    assert.ok(packed.includes(`package/${file}`), file)
  assert.is(typecheck(begun), '', 'the sources keep to strict TypeScript')
})

test('a reference that is out of date is found', () => {
  const kept = readme()
  writeFileSync(path.join(begun, 'README.md'), kept.replace('| factor |', '| another thing |'))
  assert.throws(() => run('npm', ['run', 'check'], begun), /out of date/)
  assert.match(readme(), 'another thing')
  run('npm', ['run', 'build'], begun)
  assert.is(readme(), kept)
})

test('it works between operators of ours', async () => {
  const tarball = path.join(begun, 'chunkflow-plugin-brighten-0.1.0.tgz')
  assert.match(
    await chunkflow('plugins', 'install', '--yes', tarball),
    'chunkflow-plugin-brighten 0.1.0: brighten',
  )
  await chunkflow(...'create-chunk --size 4 8 16 --voxel-offset 7 -3 11 save-h5 -f plain.h5'.split(' '))
  await chunkflow(...'load-h5 -f plain.h5 brighten --gain 1.5 save-h5 -f bright.h5'.split(' '))
  const values = async (name: string): Promise<number[]> => {
    const file = await readHdf5(path.join(work, name))
    try {
      return Array.from(file.dataset('main').values, Number)
    } finally {
      file.close()
    }
  }
  const plain = await values('plain.h5')
  assert.is(plain.length, 4 * 8 * 16)
  assert.equal(
    await values('bright.h5'),
    plain.map((value) => Math.min(255, Math.floor(value * 1.5 + 0.5))),
  )
})

test('a typed program uses it, and our operators, through the package', async () => {
  const { consumer } = installedCommand()
  const program = path.join(consumer, 'program')
  mkdirSync(program)
  await chunkflow('types', '--out', path.join(program, 'plugins.d.ts'))
  writeFileSync(
    path.join(program, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        ...{ target: 'ES2023', module: 'NodeNext', strict: true, exactOptionalPropertyTypes: true },
        ...{ noEmit: true, types: [], lib: ['ES2023', 'ES2024.SharedMemory', 'DOM'] },
      },
      files: ['program.mts', 'plugins.d.ts'],
    }),
  )
  const source = `
import { Chunk, chunkflow, isChunkflowError, operators } from 'chunkflow'

const image: Chunk = Chunk.create(new Uint8Array([0, 3, 100, 200]), [1, 2, 2])
const bright = await operators.brighten({ input: image, gain: 1.5 })
const mask = await operators.threshold({ input: bright, threshold: 100 })
const { variables } = await chunkflow({ variables: { image } })
  .brighten({ input: 'image', output: 'bright', gain: 3 })
  .run()
const code = await operators.brighten({ input: image, gain: -1 }).then(
  () => 'accepted',
  (error) => (isChunkflowError(error) ? error.code : 'unknown'),
)
console.log(JSON.stringify([[...bright.data], [...mask.data], [...(variables.bright as Chunk).data], code].map(String)))
`
  writeFileSync(path.join(program, 'program.mts'), source)
  assert.is(typecheck(program), '')
  const wrong = source.replace('threshold: 100', "threshold: 'much'").replace('gain: 1.5', 'gian: 1.5')
  writeFileSync(path.join(program, 'program.mts'), wrong)
  const complaints = typecheck(program)
  assert.match(complaints, /'string' is not assignable to type 'number'/)
  assert.match(complaints, /'gian' does not exist/)
  // types removed: what a program is when it runs
  writeFileSync(
    path.join(program, 'program.mjs'),
    source.replace('image: Chunk', 'image').replace(' as Chunk', ''),
  )
  const printed = execFileSync(process.execPath, ['program.mjs'], {
    cwd: program,
    env: { ...ENVIRONMENT, ...env },
    encoding: 'utf8',
  })
  assert.equal(JSON.parse(printed), ['0,5,150,255', '0,0,1,1', '0,9,255,255', 'flag-invalid'])
})

test('it goes without a trace', async () => {
  await chunkflow('plugins', 'uninstall', 'chunkflow-plugin-brighten')
  assert.not.match(await chunkflow('operators'), 'brighten')
  assert.match(await refused('create-chunk', 'brighten'), /No such command 'brighten'/)
  assert.not.ok(existsSync(folder.file('data/node_modules/chunkflow-plugin-brighten')))
})

test.run()
