/** The programs of `cli/API.md` run as they are printed, against the built package. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { filesIn, ROOT, workFolder } from '../pipelines/chunkflow.js'

const test = suite('api guide')
const folder = workFolder()
test.after(() => folder.remove())

const page = readFileSync(path.join(ROOT, 'cli/API.md'), 'utf8')
const guide = page.slice(0, page.indexOf('## Reference'))
const programs = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]!)

mkdirSync(folder.file('node_modules'))
symlinkSync(path.join(ROOT, 'cli'), folder.file('node_modules/chunkflow'))
function run(program: string): string {
  writeFileSync(folder.file('program.mjs'), program)
  return execFileSync(process.execPath, ['program.mjs'], {
    cwd: folder.cwd,
    env: { ...process.env, NODE_OPTIONS: '' },
    encoding: 'utf8',
  })
}

test('operators as functions', () => {
  assert.is(programs.length, 2)
  assert.is(run(programs[0]!), 'uint32 16×64×64 at 0 0 0\n')
  assert.ok(filesIn(folder.cwd).includes('labels.h5'))
})

test('a chain', () => {
  assert.match(run(programs[1]!), "operator: 'save-h5'")
  assert.ok(filesIn(folder.cwd).includes('mask.h5'))
})

test('every operator has its section', () => {
  const { plugins } = JSON.parse(readFileSync(path.join(ROOT, 'registry.json'), 'utf8')) as {
    plugins: { operators: { name: string }[] }[]
  }
  const names = plugins.flatMap(({ operators }) => operators.map(({ name }) => name)).sort()
  assert.equal([...page.matchAll(/^#### (\S+)$/gm)].map((match) => match[1]).sort(), names)
})

test.run()
