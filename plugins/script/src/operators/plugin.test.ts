import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { boundingBox, type Chunk, createChunk, isBoundingBox, parseOptions } from '@chunkflow/sdk'
import {
  errorOf,
  hasPython,
  inlineCompute,
  operatorConformance,
  rampChunk,
  recordingLogger,
  runOperator,
  SYSTEM_PYTHON,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPython } from '../python-worker/service.js'
import plugin from './plugin.js'

const test = suite('plugin')
const folder = temporaryFolder()
const { logger, messages } = recordingLogger()
const assets = {
  python: new URL('../python', import.meta.url),
  builtIn: new URL('../built-in', import.meta.url),
}
const python = createPython({
  python: assets.python,
  logger,
  environment: { ...process.env, CHUNKFLOW_PYTHON: SYSTEM_PYTHON },
})
const services = { compute: inlineCompute(), files: testFiles(folder.path), python }
test.after(async () => {
  await python.dispose()
  folder.remove()
})

const PLACE = { voxelOffset: [7, -3, 11], voxelSize: [40, 8, 4] } as const
const image = (): Chunk => rampChunk([5, 9, 14], { dtype: 'uint8', ...PLACE })
const add = (name: string, text: string): void => writeFileSync(path.join(folder.path, name), text)
const run = (options: object, variables: object = { chunk: image() }, more: object = {}) =>
  runOperator(plugin, { options: options as never, variables: variables as never, services, assets, ...more })
const bytes = (chunk: Chunk): number[] => [...(chunk.data as Uint8Array)]

add(
  'one.ts',
  `import { type Chunk, withProperties } from '@chunkflow/sdk'
export const execute = (chunk: Chunk) =>
  withProperties(chunk, { data: (chunk.data as Uint8Array).map((value) => value + 1) })`,
)
add('one_py.py', 'def execute(chunk):\n    return chunk + 1\n')
add('two.ts', 'export const execute = (first, second) => [second, first]')
add('two_py.py', 'def execute(first, second):\n    return second, first\n')
add('text.ts', 'export const execute = (chunk, { args }) => args')
add('text_py.py', 'def execute(chunk, args=None):\n    return args\n')
add('crop.ts', 'export const execute = ({ data }) => ({ data: data.slice(0, 60), shape: [3, 4, 5] })')
add('crop_py.py', 'def execute(chunk):\n    return chunk.array[:3, :4, :5]\n')
add('keywords.ts', 'export const execute = (keywords) => ({ ...keywords })')
add('keywords_py.py', 'def execute(**keywords):\n    return keywords\n')
add('nothing.ts', 'export const execute = () => {}')
add('nothing_py.py', 'def execute(chunk): print("looked")\n')

/** The operator as a host loads it. */
const withAssets: typeof plugin = {
  ...plugin,
  create: (context) => plugin.create({ ...context, assets }),
}

const available = hasPython('numpy')
for (const suffix of available ? ['', '_py'] : ['']) {
  const language = suffix === '' ? 'TypeScript' : 'Python'

  test(`${language}: assigns one value back to its input`, async () => {
    const { task } = await run({ file: `one${suffix}`, inputNames: ['chunk'] })
    const result = task.get<Chunk>('chunk')
    assert.equal(
      bytes(result),
      bytes(image()).map((value) => (value + 1) % 256),
    )
    assert.equal([result.voxelOffset, result.voxelSize, result.layerType], [[7, -3, 11], [40, 8, 4], 'image'])
    assert.is(result.layerTypeDeclared, false)
  })

  test(`${language}: takes two and gives two`, async () => {
    const names = ['chunk1', 'chunk2']
    const labels = createChunk(new BigUint64Array([1n, 2n ** 63n + 1n]), [1, 1, 2], {
      voxelOffset: [1, 2, 3],
      layerType: 'image',
    })
    const variables = { chunk1: image(), chunk2: labels }
    const { task } = await run({ file: `two${suffix}`, inputNames: names, outputNames: names }, variables)
    const first = task.get<Chunk>('chunk1')
    assert.equal([...(first.data as BigUint64Array)], [1n, 2n ** 63n + 1n])
    assert.equal([first.voxelOffset, first.voxelSize], [[1, 2, 3], null])
    assert.equal([first.layerType, first.layerTypeDeclared], ['image', true])
    assert.equal(bytes(task.get<Chunk>('chunk2')), bytes(image()))
  })

  test(`${language}: passes a text as the keyword args`, async () => {
    for (const args of ['encoded parameter string', '{"a": "b=c;d"}']) {
      const { task } = await run({ file: `text${suffix}`, inputNames: ['chunk'], outputNames: ['out'], args })
      assert.is(task.get('out'), args)
    }
  })

  test(`${language}: passes pairs and unknown flags as keywords`, async () => {
    const options = {
      file: `keywords${suffix}`,
      outputNames: ['out'],
      args: 'size=(3,1,1);mode=reflect;sigma=0.5;flip=false;none=None;id=9007199254740993',
      extra: { 'aff-threshold-low': '0.001', note: 'a b', list: ['x', 1] },
    }
    assert.equal((await run(options, {})).task.get('out'), {
      size: [3, 1, 1],
      mode: 'reflect',
      sigma: 0.5,
      flip: false,
      none: null,
      id: 9007199254740993n,
      aff_threshold_low: 0.001,
      note: 'a b',
      list: ['x', 1],
    })
  })

  test(`${language}: puts a bare array in the middle of its input`, async () => {
    const { task } = await run({ file: `crop${suffix}`, inputNames: ['chunk'] })
    const { shape, voxelOffset, voxelSize } = task.get<Chunk>('chunk')
    // (5-3)/2 = 1, (9-4)/2 = 2, (14-5)/2 = 4
    assert.equal(
      [shape, voxelOffset, voxelSize],
      [
        [3, 4, 5],
        [8, -1, 15],
        [40, 8, 4],
      ],
    )
  })

  test(`${language}: needs no output for nothing`, async () => {
    const { task } = await run({ file: `nothing${suffix}`, inputNames: ['chunk'] })
    assert.equal(bytes(task.get<Chunk>('chunk')), bytes(image()))
  })

  test(`${language}: does not run in a dry run`, async () => {
    const options = { file: `one${suffix}`, inputNames: ['chunk'], outputNames: ['a', 'b'] }
    const { task, messages: said } = await run(options, undefined, { dryRun: true })
    assert.equal([task.get('a'), task.get('b')], [null, null])
    assert.match(said.info[0]!, /dry run: .*one(_py)?\.(ts|py) left out/)
    const back = await run({ file: `one${suffix}`, inputNames: ['chunk'] }, undefined, { dryRun: true })
    assert.is(back.task.get('chunk'), null)
  })

  for (const { name, run: check } of operatorConformance(withAssets, {
    options: { file: path.join(folder.path, `one${suffix}`), inputNames: ['chunk'], outputNames: ['out'] },
    services: { ...services, files: testFiles('/') },
    variables: () => ({ chunk: image() }),
  }))
    test(`${language}: ${name}`, check)
}

if (available) {
  test('Python: exchanges boxes, arrays, numbers and lists', async () => {
    add(
      'kinds.py',
      `from chunkflow.lib.cartesian_coordinate import BoundingBox
def execute(box, array, nothing, json):
    assert isinstance(box, BoundingBox) and nothing is None
    return [box.adjust(1), array * 2, (1, 2.5, 'x'), {'inner': [json['a'], array[0]]}]`,
    )
    const { task } = await run(
      {
        file: 'kinds.py',
        inputNames: ['bbox', 'points', 'None', 'json'],
        outputNames: ['box', 'points', 'list', 'dict'],
      },
      {
        bbox: boundingBox([0, 1, 2], [3, 4, 5]),
        points: { data: new Float64Array([1, 2, 3]), dtype: 'float64', shape: [1, 3] },
        json: { a: [true, null] },
      },
    )
    assert.ok(isBoundingBox(task.get('box')))
    assert.equal({ ...task.get<object>('box') }, { ...boundingBox([-1, 0, 1], [4, 5, 6]) })
    assert.equal(task.get('points'), { data: new Float64Array([2, 4, 6]), dtype: 'float64', shape: [1, 3] })
    assert.equal(task.get('list'), [1, 2.5, 'x'])
    assert.equal(task.get('dict'), {
      inner: [[true, null], { data: new Float64Array([1, 2, 3]), dtype: 'float64', shape: [3] }],
    })
  })

  test('Python: tuples and floats of the command line stay such', async () => {
    add('types.py', 'def execute(**k):\n    return [type(k[n]).__name__ for n in sorted(k)]\n')
    const options = { file: 'types', outputNames: ['list', 'b', 'c'], args: 'a=(3,1,1);b=1.0;c=[1]' }
    const { task } = await run(options, {})
    assert.equal([task.get('list'), task.get('b'), task.get('c')], ['tuple', 'float', 'list'])
  })

  test('Python: prints to the output', async () => {
    const { messages: said } = await run({ file: 'nothing_py', inputNames: ['chunk'] })
    assert.equal(said.result, ['looked'])
  })

  test('Python: refuses what cannot travel', async () => {
    add('thing.py', 'class Thing: pass\ndef execute(chunk): return Thing()\n')
    const result = await errorOf(() => run({ file: 'thing', inputNames: ['chunk'] }))
    assert.is(result.code, 'python-result')
    assert.is(result.what, 'thing.py cannot give back a value of type thing.Thing')
    const input = await errorOf(() =>
      run({ file: 'one_py', inputNames: ['chunk'] }, { chunk: new Map([['a', 1]]) }),
    )
    assert.is(input.code, 'plugin-input')
  })

  test('Python: tells an exception by the line of the file', async () => {
    add('broken.py', 'import json\n\ndef execute(chunk):\n    return json.parse("1")\n')
    const error = await errorOf(() => run({ file: 'broken', inputNames: ['chunk'] }))
    assert.is(error.code, 'python-exception')
    assert.match(error.what, "broken.py: AttributeError: module 'json' has no attribute 'parse'")
    assert.is(error.where[0], `${path.join(folder.path, 'broken.py')}:4`)
    assert.match(error.fix!, 'json.loads')
    add('empty.py', 'x = 1\n')
    const empty = await errorOf(() => run({ file: 'empty', inputNames: ['chunk'] }))
    assert.is(empty.code, 'plugin-file-invalid')
    assert.match(empty.what, 'empty.py has no function execute')
  })

  test('Python: takes another interpreter', async () => {
    const error = await errorOf(() => run({ file: 'one_py', inputNames: ['chunk'], python: '/no/python' }))
    assert.is(error.code, 'python-missing')
  })
}

test('runs the files of the README', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const blocks = [...readme.matchAll(/^```(ts|python)\n([\s\S]*?)^```$/gm)]
  assert.is(blocks.length, 2)
  for (const [, language, code] of blocks) {
    if (language === 'python' && !available) continue
    const file = language === 'ts' ? 'half.ts' : 'half.py'
    add(file, code!)
    for (const [by, args] of [
      [2, undefined],
      [4, 'by=4'],
    ] as const) {
      const options = { file, inputNames: ['chunk'], ...(args === undefined ? {} : { args }) }
      const result = (await run(options)).task.get<Chunk>('chunk')
      assert.equal([result.dtype, result.voxelOffset], ['float64', [7, -3, 11]])
      assert.is(result.data[21], 21 / by)
    }
  }
})

test('keeps what a file remembers from task to task', async () => {
  add('count.ts', 'let calls = 0\nexport const execute = () => ++calls')
  const options = parseOptions(plugin, { file: 'count', outputNames: ['n'] })
  const step = await plugin.create({
    options: options as never,
    services: services as never,
    globals: { mip: 0, dryRun: false },
    name: 'plugin',
    logger,
    workers: {},
    assets,
  })
  const values = new Map<string, unknown>()
  const task = { set: (name: string, value: unknown) => values.set(name, value) } as never
  const context = { signal: new AbortController().signal, logger } as never
  await step.run(task, context)
  await step.run(task, context)
  assert.is(values.get('n'), 2)
  await step.dispose?.()
  assert.equal(messages.error, [])
})

test('says before running which file it lacks or cannot read', async () => {
  const missing = await errorOf(() => run({ file: 'no_such_plugin', inputNames: ['chunk'] }))
  assert.is(missing.code, 'plugin-file-missing')
  const args = await errorOf(() => run({ file: 'one', inputNames: ['chunk'], args: 'a=1;b' }))
  assert.is(args.code, 'plugin-arguments')
})

test.run()
