/** What `docker/` says stays true without a container engine: files, versions, the lock file, every command line. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { filesIn, ROOT, succeeds, words, workFolder } from '../pipelines/chunkflow.js'

const test = suite('containers')
const folder = workFolder()
test.after(() => folder.remove())

const text = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')
const json = (file: string) => JSON.parse(text(file))
const dockerfile = text('docker/Dockerfile')
const page = text('docker/README.md')
const instructions = (name: string): string[][] =>
  [...dockerfile.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, line]) => line!.split(' '))

/** A folder of the test in place of what containers mount at /data. */
const below = (mounted: string, command: readonly string[]): string[] =>
  command.map((word) => word.replace(/^(\w+:\/\/)?\/data(?=\/|$)/, `$1${mounted}`))

const isRemote = (command: readonly string[]): boolean =>
  command.some((word) => word.startsWith('s3://')) && command[0] !== 'doctor'

test('what the Dockerfile copies, runs and is based on', () => {
  for (const sources of instructions('COPY').filter(([first]) => !first!.startsWith('--from')))
    for (const source of sources.slice(0, -1)) assert.ok(existsSync(path.join(ROOT, source)), source)
  for (const [file] of dockerfile.matchAll(/(?<=\bnode )\S+\.mjs/g))
    assert.ok(existsSync(path.join(ROOT, file)), file)
  const [, version] = /^ARG NODE_VERSION=(\d+)$/m.exec(dockerfile)!
  for (const name of ['package.json', 'cli/package.json'])
    assert.is(json(name).engines.node, `>=${version}`, 'the image has the oldest Node that we support')
})

test('what the README names', () => {
  for (const [, file] of page.matchAll(/^\| `([\w./]+)` \|/gm))
    if (file!.includes('.')) assert.ok(existsSync(path.join(ROOT, 'docker', file!)), file)
  const listed = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1])
  assert.equal(
    listed,
    [...dockerfile.matchAll(/^ARG ([A-Z_]+)/gm)].map((match) => match[1]),
  )
})

test('nothing but the tests is kept from the build', () => {
  const patterns = text('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const expression = line
        .replaceAll('.', '\\.')
        .replaceAll(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(?:.*/)?'))
      return new RegExp(`^${expression}(?:/|$)`)
    })
  const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
  const kept = tracked.filter((file) => patterns.some((pattern) => pattern.test(file)))
  assert.ok(kept.length > 0)
  assert.equal(
    kept.filter((file) => !file.startsWith('test/')),
    [],
  )
})

test('what is assembled installs from the lock file, without what only developers need', () => {
  const image = folder.file('image')
  execFileSync(process.execPath, [path.join(ROOT, 'docker/assemble.mjs'), image], { stdio: 'pipe' })
  const named = (file: string) => JSON.parse(readFileSync(path.join(image, file), 'utf8'))
  const plugins = readdirSync(path.join(image, 'plugins')).map(
    (name) => named(`plugins/${name}/package.json`).name,
  )
  const dependencies = Object.keys(named('cli/package.json').dependencies)
  assert.equal(
    plugins.sort(),
    dependencies.filter((name) => name.startsWith('@chunkflow/')),
  )
  for (const name of plugins)
    assert.ok(
      existsSync(path.join(image, name.replace('@chunkflow/plugin-', 'plugins/'), 'dist/plugin.js')),
      name,
    )
  const planned = execFileSync(
    'npm',
    ['ci', '--omit=dev', '--ignore-scripts', '--dry-run', '--prefer-offline', '--loglevel=verbose'],
    { cwd: image, encoding: 'utf8', stdio: 'pipe' },
  )
  assert.match(planned, /^added \d+ packages/m)
  for (const word of ['onnxruntime-node', 'h5wasm']) assert.match(planned, `add ${word} `)
  for (const word of ['typescript', 'uvu', '@chunkflow/sdk', '@chunkflow/kernel'])
    assert.not.match(planned, `add ${word} `)
})

test('the command lines of the README', async () => {
  const commands = [...page.matchAll(/^docker run .* chunkflow (.*)$/gm)].map(([, line]) => words(line!))
  assert.ok(commands.length >= 5)
  const data = folder.file('readme')
  mkdirSync(data)
  for (const command of commands)
    await succeeds(isRemote(command) ? ['plan', ...command] : below(data, command), { cwd: data })
  assert.ok(filesIn(data).includes('smooth.h5'))
})

test('the workers of compose.yaml share the tasks', async () => {
  const [tasks, worker, ...rest] = [
    ...text('docker/compose.yaml').matchAll(/^ {4}command: >-\n((?: {6}.*\n)+)/gm),
  ].map(([, lines]) => words(lines!))
  assert.equal(rest, [])
  assert.match(text('docker/compose.yaml'), /^ {4}- ".*:\/data"$/m)
  const [makeVolume] = [...page.matchAll(/^docker run .* chunkflow (create-chunk .* -v image)$/gm)]
  const data = folder.file('compose')
  mkdirSync(data)
  const where = { cwd: data, env: { CHUNKFLOW_QUEUE_RETRY_SECONDS: '0' } }
  await succeeds(makeVolume![1]!, where)
  await succeeds(below(data, tasks!), where)
  const queue = path.join(data, 'queue/queue')
  assert.is(readdirSync(queue).length, 12)
  const workers = await Promise.all([0, 1].map(() => succeeds(below(data, worker!), where)))
  assert.is(workers.length, 2)
  assert.equal(readdirSync(queue), [])
  assert.is(filesIn(path.join(data, 'smooth')).filter((name) => name.includes('_')).length, 48)
})

test('the workers of Kubernetes', async () => {
  const [, list] = /^ *args: (\[[^\]]*\])$/m.exec(text('docker/kubernetes/workers.yaml'))!
  await succeeds(['plan', ...(JSON.parse(list!) as string[])], { cwd: folder.cwd })
})

test.run()
