import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { histogramOfBytes, histogramsOfSections } from './byte-histogram.js'

const test = suite('byte histogram')

test('counts every value of the whole and of sections', () => {
  const data = new Uint8Array([0, 255, 255, 7, 7, 7, 0, 0, 0, 0])
  const whole = histogramOfBytes(data)
  assert.equal([whole.length, whole[0], whole[7], whole[255], whole[1]], [256, 5, 3, 2, 0])
  const [first, second] = histogramsOfSections(data, 2)
  assert.equal([first![0], first![7], first![255]], [1, 2, 2])
  assert.equal([second![0], second![7], second![255]], [4, 1, 0])
})

test.run()
