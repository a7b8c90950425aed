import { readFileSync } from 'node:fs'
import { isChunkflowError } from '@chunkflow/kernel/authoring'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readRegistry, readSlice, registryJsonSchema } from './index.js'

const test = suite('registry')

const slice = {
  package: 'my-plugin',
  version: '1.2.3',
  apiVersion: 1,
  description: '',
  operators: [
    {
      name: 'do-it',
      aliases: [],
      role: 'operator',
      effects: 'pure',
      summary: 'Do it',
      examples: [],
      flags: {
        size: { type: 'integer', arity: 3, summary: '' },
        input: { type: 'text', arity: 1, summary: '', port: { direction: 'input', kind: ['chunk', 'any'] } },
      },
    },
  ],
  services: [{ token: 'chunkflow.storage', version: 1, key: 'mine' }],
  hooks: [],
  permissions: ['network'],
}
const registry = (...plugins: object[]) => ({ schema: 1, plugins })
const integrity = `sha512-${'A'.repeat(86)}==`
/** The path of a complaint, and a registry that earns it. */
const WRONG: readonly (readonly [string, unknown])[] = [
  ['it must be an object', 'text'],
  ['plugins is missing', { schema: 1 }],
  ['schema must be 1', { schema: 2, plugins: [] }],
  ['plugins.1.version is missing', registry(slice, { ...slice, version: undefined })],
  ['plugins.0.permissions.0 must be environment or', registry({ ...slice, permissions: ['root'] })],
  ['plugins.0.integrity has the wrong form', registry({ ...slice, integrity: 'sha1-abc' })],
  [
    'plugins.0.operators.0.name has the wrong form',
    registry({ ...slice, operators: [{ ...slice.operators[0], name: 'Do It' }] }),
  ],
  [
    'plugins.0.operators.0.flags.size.type must be text or',
    registry({ ...slice, operators: [{ ...slice.operators[0], flags: { size: { type: 'size' } } }] }),
  ],
]

test('reads what follows the form, with members it does not know', () => {
  const [entry] = readRegistry(registry({ ...slice, integrity, homepage: 'https://lab.example' }), 'lab.json')
  assert.is(entry!.integrity, integrity)
  assert.is(readSlice(slice, 'here').package, 'my-plugin')
})

test('names the place that does not', () => {
  for (const [words, value] of WRONG) {
    try {
      readRegistry(value, 'lab.json')
      assert.unreachable(words)
    } catch (error) {
      assert.ok(isChunkflowError(error), words)
      assert.is(error.code, 'registry-invalid')
      assert.match(error.what, words)
      assert.equal(error.where, ['lab.json'])
    }
  }
})

test('the published schema is the same, for another validator', () => {
  const validate = new Ajv2020({ strict: false }).compile(registryJsonSchema())
  const own = JSON.parse(readFileSync(new URL('../../../registry.json', import.meta.url), 'utf8'))
  for (const value of [own, registry(slice), registry({ ...slice, integrity, more: 1 })])
    assert.ok(validate(value), JSON.stringify(validate.errors))
  for (const [words, value] of WRONG)
    assert.not.ok(validate(value === undefined ? value : JSON.parse(JSON.stringify(value))), words)
})

test.run()
