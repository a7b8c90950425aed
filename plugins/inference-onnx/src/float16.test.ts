import { float16ToNumber, numberToFloat16 } from '@chunkflow/sdk'
import { seededRandom } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeFloat16Bits, encodeFloat16 } from './float16.js'

const test = suite('float16')

test('decodes and encodes every value', () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, index) => index)
  const values = new Float32Array(65536)
  decodeFloat16Bits(bits, values)
  const again = new Uint16Array(65536)
  encodeFloat16(values, again)
  for (let index = 0; index < 65536; index++)
    if (Number.isNaN(values[index])) assert.is(again[index]! & 0x7c00, 0x7c00)
    else {
      assert.is(values[index], float16ToNumber(index))
      assert.is(again[index], index)
    }
})

test('rounds half to even, as the exact conversion does', () => {
  const random = seededRandom(3)
  const values = Float32Array.from({ length: 20000 }, () => (random() - 0.5) * 2 ** (40 * random() - 24))
  values.set([1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 1.5 * 2 ** -24, 65519, 65520, 2 ** -14 - 2 ** -25])
  const bits = new Uint16Array(values.length)
  encodeFloat16(values, bits)
  assert.equal([...bits], [...values].map(numberToFloat16))
})

test.run()
