import { chunkflowError } from '@chunkflow/kernel/authoring'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf, errorOf, refusal } from './refusals.js'

const test = suite('refusals')
const refuse = (): never => {
  throw chunkflowError('grid-invalid', 'Boxes of 0 voxels', { fix: 'give a size' })
}

test('tell the error of a function, now or later, and of a promise', async () => {
  assert.is((await errorOf(refuse)).what, 'Boxes of 0 voxels')
  assert.is(await codeOf(async () => refuse()), 'grid-invalid')
  assert.is(await refusal(Promise.resolve().then(refuse)), 'grid-invalid: Boxes of 0 voxels | give a size')
})

test('tell when nothing is refused', async () => {
  assert.is(await codeOf(() => 1), 'accepted')
  assert.is(await refusal(Promise.resolve(1)), 'accepted')
  assert.is(await errorOf(() => 1).catch((error: Error) => error.message), 'nothing was refused')
})

test('an error that is no refusal goes on', async () => {
  const mistake = (): never => {
    throw new TypeError('no function')
  }
  for (const ask of [errorOf, codeOf, refusal])
    assert.instance(await ask(mistake).catch((error: unknown) => error), TypeError)
})

test.run()
