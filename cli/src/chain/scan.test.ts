import { flag, isChunkflowError, type OperatorEntry } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { scanChain, scanCommand } from './scan.js'

const test = suite('scan')

const entry = (
  name: string,
  flags: OperatorEntry['flags'],
  more: Partial<OperatorEntry> = {},
): OperatorEntry => ({
  name,
  aliases: [],
  role: 'operator',
  effects: 'pure',
  summary: '',
  examples: [],
  flags,
  ...more,
})
const entries = [
  entry('load-h5', {
    fileName: flag.text({ char: 'f', summary: '' }),
    setBbox: flag.boolean({ summary: '' }),
  }),
  entry('threshold', { threshold: flag.number({ char: 't', summary: '' }) }),
  entry('create-chunk', {
    size: flag.integers3({ char: 's', summary: '' }),
    pattern: flag.text({ shorthands: { 'all-zero': 'zero' }, summary: '' }),
  }),
  entry('crop-margin', { marginSize: flag.integers3or6({ char: 'm', summary: '' }) }),
  entry('agglomerate', { high: flag.number({ char: 'h', summary: '' }) }),
  entry('shang', { clipvalues: flag.optionalBoolean({ summary: '' }) }),
  entry('export', {
    model: flag.text({ char: 'm', summary: '' }),
    fileName: flag.text({ char: 'f', positional: true, summary: '' }),
  }),
  entry('plugin', { file: flag.text({ char: 'f', summary: '' }) }, { unknownFlags: 'collect' }),
]
const registry = {
  find: (name: string) => {
    const found = entries.find((candidate) => candidate.name === name)
    if (found === undefined) throw new Error(`No such command '${name}'.`)
    return { entry: found, source: undefined as never }
  },
}
const scan = (line: string | string[]) =>
  scanChain(typeof line === 'string' ? line.split(' ') : line, registry)
const steps = (line: string | string[]) => scan(line).steps.map((step) => [step.entry.name, step.options])
const refusal = (line: string | string[]): string => {
  try {
    scan(line)
  } catch (error) {
    return isChunkflowError(error) ? `${error.what} | ${error.fix}` : String(error)
  }
  return 'accepted'
}

test('never splits at operator names', () => {
  assert.equal(steps('load-h5 -f threshold threshold -t 0.1'), [
    ['load-h5', { fileName: { tokens: ['threshold'] } }],
    ['threshold', { threshold: { tokens: ['0.1'] } }],
  ])
})

test('takes as many words as the arity says, whatever they look like', () => {
  assert.equal(steps('create-chunk --size=1 -2 3 threshold'), [
    ['create-chunk', { size: { tokens: ['1', '-2', '3'] } }],
    ['threshold', {}],
  ])
  assert.equal(steps('create-chunk -s1 2 3')[0]![1], { size: { tokens: ['1', '2', '3'] } })
  assert.equal(steps('crop-margin -m 4 64 64 threshold')[0]![1], {
    marginSize: { tokens: ['4', '64', '64'] },
  })
  assert.equal(steps('crop-margin -m 4 64 64 -1 2 3')[0]![1], {
    marginSize: { tokens: ['4', '64', '64', '-1', '2', '3'] },
  })
})

test('a bare word is the value of a positional flag, once', () => {
  const exported = ['export', { model: { tokens: ['a.py'] }, fileName: { tokens: ['a.onnx'] } }]
  assert.equal(steps('export -m a.py a.onnx'), [exported])
  assert.equal(steps('export a.onnx -m a.py threshold'), [exported, ['threshold', {}]])
  assert.equal(steps('export -f a.onnx -m a.py threshold'), [exported, ['threshold', {}]])
  assert.match(refusal('threshold a.onnx'), "No such command 'a.onnx'")
})

test('the last of repeated options wins, empty values are passed on', () => {
  assert.equal(steps('threshold -t 1 --threshold=2')[0]![1], { threshold: { tokens: ['2'] } })
  assert.equal(steps('threshold --threshold=')[0]![1], { threshold: { tokens: [''] } })
  assert.equal(steps(['create-chunk', '--size='])[0]![1], { size: { tokens: [''] } })
})

test('reads negations, shorthands and optional values', () => {
  assert.equal(steps('load-h5 --set-bbox --no-set-bbox')[0]![1], { setBbox: { tokens: ['false'] } })
  assert.equal(steps('create-chunk --all-zero')[0]![1], { pattern: { tokens: ['zero'] } })
  assert.equal(steps('shang --clipvalues true threshold').length, 2)
  assert.equal(steps('shang --clipvalues threshold').length, 2)
})

test('global options stand before the first operator', () => {
  const { globals } = scan('--mip 3 --verbose 2 --dry-run threshold')
  assert.equal(globals, { mip: { tokens: ['3'] }, verbose: { tokens: ['2'] }, dryRun: { tokens: ['true'] } })
  assert.equal(scan('--verbose threshold').globals, { verbose: { tokens: ['1'] } })
})

test('finds help anywhere, but leaves an operator its -h', () => {
  assert.is(scan('--help').help, null)
  assert.is(scan('create-chunk threshold --help').help?.name, 'threshold')
  assert.is(scan('create-chunk -h').help?.name, 'create-chunk')
  assert.equal(steps('agglomerate -h 0.9')[0]![1], { high: { tokens: ['0.9'] } })
})

test('every operator has --name, and a double dash ends its options', () => {
  assert.equal(
    steps('threshold --name first -- threshold').map(([name]) => name),
    ['threshold', 'threshold'],
  )
})

test('collects unknown options where the operator wants them', () => {
  assert.equal(steps('plugin -f agglomerate --threshold 0.7 --flip -f x')[0]![1], {
    file: { tokens: ['x'] },
    extra: { threshold: '0.7', flip: 'true' },
  })
})

test('a host command takes options before, between and behind its words', () => {
  const target = { name: 'open', flags: { size: flag.integers3({ char: 's', summary: '' }) } }
  assert.equal(scanCommand(['a', '-s', '1', '-2', '3', 'b', '--', 'c'], target), {
    options: { size: { tokens: ['1', '-2', '3'] } },
    rest: ['a', 'b', 'c'],
    help: false,
  })
  assert.ok(scanCommand(['a', '--help'], target).help)
  assert.throws(() => scanCommand(['--sise', '1'], target), /No such option/)
})

test('refuses with a hint', () => {
  assert.is(refusal('threshold --treshold 1'), 'No such option: --treshold | did you mean --threshold?')
  assert.match(refusal('create-chunk --size 1 2'), '--size needs 3 values, but the command line ends after 2')
  assert.match(
    refusal('threshold \u2013threshold 1'),
    'begins with a typographic dash | type it with plain hyphens: --threshold',
  )
  assert.match(
    refusal(['load-h5', '-f', '\u201ca.h5\u201d']),
    'contains typographic quotes | type them as plain quotes: "a.h5"',
  )
  assert.match(refusal('load-h5 --set-bbox=1'), '--set-bbox takes no value')
})

test.run()
