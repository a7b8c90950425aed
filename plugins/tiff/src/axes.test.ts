import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { arrange, parsePageOrder } from './axes.js'

const test = suite('tiff axes')

const names = (text: string, samples = 1) => {
  const order = parsePageOrder([text], samples)
  return order && [order.axes.map(({ name, size }) => `${name}${size}`).join(' '), order.samplesLast]
}

test('reads what tifffile writes', () => {
  assert.equal(names('{"shape": [2, 5, 9, 14], "axes": "CZYX"}'), ['C2 Z5', false])
  assert.equal(names('{"shape": [5, 9, 14]}'), ['Q5', false])
  assert.equal(names('{"shape": [5, 9, 14, 3], "axes": "ZYXS"}', 3), ['Z5', true])
  assert.equal(names('{"shape": [5, 9, 14, 3]}', 3), ['Q5', true])
  assert.equal(names('shape=(5, 9, 14)'), ['Q5', false])
  assert.is(names('{"shape": "none"}'), undefined)
  assert.is(names('{not JSON, "shape"'), undefined)
})

test('reads what ImageJ writes', () => {
  assert.equal(names('ImageJ=1.53t\nimages=10\nchannels=2\nslices=5\nhyperstack=true\n'), ['T1 Z5 C2', true])
  assert.equal(names('ImageJ=1.53t\nimages=10\nchannels=2\nslices=5\norder=zct\n'), ['T1 C2 Z5', true])
  assert.equal(names('ImageJ=\nimages=7\n'), ['T1 Z7 C1', true])
})

test('reads what OME writes', () => {
  const pixels = '<OME><Pixels ID="0" DimensionOrder="XYCZT" SizeC="2" SizeT="1" SizeX="14" SizeZ="5"/></OME>'
  assert.equal(names(pixels), ['T1 Z5 C2', true])
  assert.is(names('<OME></OME>'), undefined)
  assert.is(names('a remark'), undefined)
})

test('puts channels first', () => {
  const axes = (text: string) =>
    text.split(' ').map((word) => ({ name: word[0]!, size: Number(word.slice(1)) }))
  assert.equal(arrange(axes('C2 Z3')), { sizes: [2, 3], order: [0, 1, 2, 3, 4, 5] })
  assert.equal(arrange(axes('C1 Z3'))!.sizes, [1, 3])
  // plane 1 of the file is channel 1 of section 0
  assert.equal(arrange(axes('T1 Z3 C2')), { sizes: [2, 3], order: [0, 2, 4, 1, 3, 5] })
  assert.equal(arrange(axes('T1 Z1 C4'))!.sizes, [4])
  assert.equal(arrange(axes('T1 Z1 C1'))!.sizes, [1])
  assert.equal(arrange([])!.sizes, [1])
  assert.is(arrange(axes('T2 Z3 C2')), null)
})

test.run()
