import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Chunk, createChunk, isChunk } from '@chunkflow/sdk'
import { errorOf, inlineCompute, rampChunk, recordingLogger, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openJavaScript } from './javascript-script.js'
import type { Keyword } from './keywords.js'

const test = suite('javascript script')
const folder = temporaryFolder()
test.after(() => folder.remove())

const { logger } = recordingLogger()
const context = { signal: new AbortController().signal, logger, compute: inlineCompute() }
const chunk = rampChunk([2, 3, 4], { dtype: 'uint8', voxelOffset: [7, -3, 11] })
let count = 0

function file(text: string, ending = '.ts'): string {
  const name = path.join(folder.path, `script-${count++}${ending}`)
  writeFileSync(name, text)
  return name
}
const run = (
  text: string,
  inputs: unknown[] = [],
  keywords: Keyword[] = [],
  ending = '.ts',
): Promise<unknown> => openJavaScript(file(text, ending)).execute(inputs, keywords, context)

test('runs a named or default function, now or later, in every ending', async () => {
  assert.is(await run('export function execute(a: number, b: number): number { return a - b }', [5, 3]), 2)
  assert.is(await run('export default async (a) => a + 1', [5], [], '.mjs'), 6)
  assert.is(await run('export const execute = (a) => a * 2', [5], [], '.js'), 10)
  assert.is(
    await run('await Promise.resolve()\nexport default () => import.meta.filename'),
    path.join(folder.path, 'script-3.ts'),
  )
})

test('passes chunks, keywords and the context', async () => {
  const text = `
import { addZyx, type Chunk, withProperties, zyx } from '@chunkflow/sdk'
export function execute(chunk: Chunk, keywords: object, { logger }: { logger: { info(text: string): void } }) {
  logger.info('here')
  return [withProperties(chunk, { voxelOffset: addZyx(chunk.voxelOffset, zyx(1, 1, 1)) }), keywords]
}`
  const keywords = [
    { name: 'size', text: '(3,1,1)' },
    { name: 'mode', text: 'reflect' },
    { name: 'args', value: 'x' },
  ]
  const [moved, given] = (await run(text, [chunk], keywords)) as [Chunk, unknown]
  assert.ok(isChunk(moved))
  assert.equal(moved.voxelOffset, [8, -2, 12])
  assert.equal(given, { size: [3, 1, 1], mode: 'reflect', args: 'x' })
})

test('offers numeric kernels', async () => {
  const text = `
import { createChunk } from '@chunkflow/sdk'
import { connectedComponents } from '@chunkflow/sdk/numerics'
export default async (chunk, keywords, { compute, signal }) => connectedComponents(chunk, { connectivity: 6 }, { compute, signal })`
  const mask = createChunk(new Uint8Array([1, 0, 1, 1, 0, 1]), [1, 2, 3])
  const labels = (await run(text, [mask])) as { data: Uint32Array } & Chunk
  assert.ok(isChunk(labels))
  assert.equal([...(labels.data as Uint32Array)], [1, 0, 2, 1, 0, 2])
})

test('keeps what a file remembers between tasks', async () => {
  const script = openJavaScript(file('let calls = 0\nexport const execute = () => ++calls'))
  assert.is(await script.execute([], [], context), 1)
  assert.is(await script.execute([], [], context), 2)
})

test('finds files and packages from where the file lies', async () => {
  mkdirSync(path.join(folder.path, 'node_modules/tiny'), { recursive: true })
  writeFileSync(
    path.join(folder.path, 'node_modules/tiny/package.json'),
    JSON.stringify({ name: 'tiny', version: '1.0.0', type: 'commonjs', main: 'index.js' }),
  )
  writeFileSync(
    path.join(folder.path, 'node_modules/tiny/index.js'),
    'module.exports = { where: __filename }',
  )
  writeFileSync(
    path.join(folder.path, 'helper.ts'),
    'export const two: number = 2\nexport const fail = () => {\n  throw new RangeError("deep")\n}\n',
  )
  const text = `
import { basename } from 'node:path'
import { two } from './helper.ts'
import tiny from 'tiny'
export default () => [two, basename(tiny.where)]`
  assert.equal(await run(text), [2, 'index.js'])
  const deep = await errorOf(() => run(`import { fail } from './helper'\nexport default fail`))
  assert.is(deep.where[0], `${path.join(folder.path, 'helper.ts')}:3`)
})

test('tells errors by their line in the file', async () => {
  const text = `interface Unused {
  a: number
}

export function execute(chunk: Unused) {
  const nothing: any = undefined
  return nothing.data
}`
  const error = await errorOf(() => run(text, [chunk]))
  assert.is(error.code, 'plugin-exception')
  assert.match(error.what, /^script-\d+\.ts: TypeError: Cannot read properties of undefined/)
  assert.match(error.where[0]!, /script-\d+\.ts:7$/)
  assert.match((error.cause as Error).stack!, /at execute \(.*script-\d+\.ts:7\)/)
  const rejected = await errorOf(() => run('export default async () => {\n\n  throw "a text"\n}'))
  assert.match(rejected.what, 'a text')
  const loading = await errorOf(() => run('\nnull.x\nexport default () => 1', [], [], '.js'))
  assert.match(loading.where[0]!, /\.js:2$/)
})

test('passes on errors that are ours', async () => {
  const text = `import { chunkflowError } from '@chunkflow/sdk'
export default () => { throw chunkflowError('flag-invalid', 'size is too large', { fix: 'less' }) }`
  assert.is((await errorOf(() => run(text))).code, 'flag-invalid')
})

test('tells what is wrong with a file before running it', async () => {
  const syntax = await errorOf(() => run('const a = 1\nconst b = = 2'))
  assert.is(syntax.code, 'plugin-file-invalid')
  assert.match(syntax.what, /cannot be compiled: Unexpected "="/)
  assert.match(syntax.where[0]!, /script-\d+\.ts:2$/)
  const missing = await errorOf(() => run(`\n\nimport x from 'no-such-package'\nexport default x`))
  assert.match(missing.what, 'Could not resolve "no-such-package"')
  assert.match(missing.where[0]!, /:3$/)
  const absent = await errorOf(() => run('export const run = () => 1'))
  assert.is(absent.code, 'plugin-file-invalid')
  assert.match(absent.what, 'has no function execute')
})

test.run()
