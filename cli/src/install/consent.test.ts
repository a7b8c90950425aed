import { PassThrough } from 'node:stream'
import { isChunkflowError } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { confirm, describeOffer } from './consent.js'

const test = suite('consent')

const slice = {
  package: 'my-plugin',
  version: '1.2.3',
  apiVersion: 1,
  description: 'Mine',
  operators: [],
  services: [{ token: 'chunkflow.storage', version: 1, key: 'mine' }],
  hooks: [],
  permissions: ['network', 'subprocess'],
} as const

function dialogue(answer: string, isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY })
  const output = new PassThrough()
  input.end(answer)
  return { input, output, printed: () => String(output.read() ?? '') }
}

test('an offer tells what comes and what it declares', () => {
  assert.is(
    describeOffer(slice, ['sha512     as listed by lab.json']),
    `my-plugin 1.2.3: Mine
  services   chunkflow.storage/mine
  declares   network, subprocess
  sha512     as listed by lab.json
  Declarations inform. Nothing is sandboxed: a plugin can do all that you can do.`,
  )
  assert.match(describeOffer({ ...slice, permissions: [] }, []), 'declares   no special permissions')
})

test('only a clear yes is a yes', async () => {
  for (const [answer, agreed] of [
    ['y\n', true],
    [' YES \n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    ['', false],
  ] as const) {
    const talk = dialogue(answer)
    assert.is(await confirm('an offer', 'Install it?', false, talk), agreed, JSON.stringify(answer))
    assert.match(talk.printed(), /an offer\n[\s\S]*Install it\? \[y\/N\]/)
  }
})

test('--yes shows the offer and does not ask; nobody to ask is an error', async () => {
  const given = dialogue('n\n', false)
  assert.is(await confirm('an offer', 'Install it?', true, given), true)
  assert.is(given.printed(), 'an offer\n')
  try {
    await confirm('an offer', 'Install it?', false, dialogue('y\n', false))
    assert.unreachable()
  } catch (error) {
    assert.ok(isChunkflowError(error))
    assert.is(error.code, 'plugin-consent-missing')
  }
})

test.run()
