import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isChunkflowError } from '../errors/index.js'
import { flag, kebabCase, negativeNames } from './flag.js'
import { findFlag, parseOptions, type RawOptions } from './parse-options.js'

const test = suite('parse-options')

const target = {
  name: 'sample',
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    size: flag.integers3({ char: 's', summary: 'size' }),
    margin: flag.integers3or6({ summary: 'margin' }),
    fraction: flag.number({ default: 0.5, minimum: 0, maximum: 1, summary: 'fraction' }),
    voxelSize: flag.numbers3({ exclusiveMinimum: 0, summary: 'voxel size' }),
    framework: flag.text({
      choices: ['identity', 'universal'],
      choiceAliases: { general: 'universal' },
      default: 'identity',
      summary: 'framework',
    }),
    fill: flag.boolean({ default: true, summary: 'fill' }),
    names: flag.list({ summary: 'names' }),
    path: flag.text({ required: true, summary: 'path' }),
  },
}

const parse = (raw: RawOptions) => parseOptions(target, { path: 'x', ...raw })
const refusal = (raw: RawOptions): string => {
  try {
    parse(raw)
  } catch (error) {
    return isChunkflowError(error) ? `${error.code}: ${error.what}` : String(error)
  }
  return 'accepted'
}

test('gives words and typed values the same meaning', () => {
  assert.equal(parse({ size: { tokens: ['1', '-2', '3'] } }), parse({ size: [1, -2, 3] }))
  assert.equal(parse({ names: { tokens: ['a, b,'] } }).names, ['a', 'b'])
  assert.equal(parse({ names: { tokens: ['a[x=1,y=2],b[z]'] } }).names, ['a[x=1,y=2]', 'b[z]'])
  assert.is(parse({ framework: 'general' }).framework, 'universal')
  assert.is(parse({ fill: { tokens: ['false'] } }).fill, false)
})

test('fills defaults and freezes', () => {
  const options = parse({})
  assert.is(options.inputChunkName, 'chunk')
  assert.is(options.fraction, 0.5)
  assert.is(options.size, undefined)
  assert.ok(Object.isFrozen(options))
})

test('takes an empty word as not given, except for text', () => {
  assert.is(parse({ fraction: { tokens: [''] } }).fraction, 0.5)
  assert.is(parse({ path: { tokens: [''] } }).path, '')
})

test('refuses with the option and the value', () => {
  assert.is(refusal({ size: [1, 2] }), 'flag-invalid: --size needs 3 values, not "1" "2"')
  assert.is(
    refusal({ margin: [1, 2, 3, 4] }),
    'flag-invalid: --margin needs 3 or 6 values, not "1" "2" "3" "4"',
  )
  assert.is(refusal({ size: [1, 2.5, 3] }), 'flag-invalid: --size needs a whole number, not "1" "2.5" "3"')
  assert.is(refusal({ fraction: 2 }), 'flag-invalid: --fraction needs a number of at most 1, not "2"')
  assert.is(
    refusal({ voxelSize: [4, 4, 0] }),
    'flag-invalid: --voxel-size needs a number above 0, not "4" "4" "0"',
  )
  assert.is(
    refusal({ voxelSize: { tokens: ['-4', '4', '4'] } }),
    'flag-invalid: --voxel-size needs a number above 0, not "-4" "4" "4"',
  )
  assert.is(refusal({ voxelSize: [1e-9, 4, 4] }), 'accepted')
  assert.is(
    refusal({ framework: 'torch' }),
    'flag-invalid: --framework needs one of identity, universal, not "torch"',
  )
  assert.is(refusal({ fractoin: 1 }), 'flag-unknown: No such option: --fractoin')
  assert.is(refusal({ path: null }), 'flag-missing: Missing option --path: path')
})

test('names flags as typed', () => {
  assert.is(kebabCase('numInputChannels'), 'num-input-channels')
  assert.equal(negativeNames('fillMissing', flag.boolean({ summary: '' })), ['no-fill-missing'])
  assert.equal(findFlag(target.flags, 'no-fill')?.value, 'false')
  assert.is(findFlag(target.flags, 'input')?.key, 'inputChunkName')
})

test.run()
