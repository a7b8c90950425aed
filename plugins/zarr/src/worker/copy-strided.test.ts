import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { copyStrided } from './copy-strided.js'

const test = suite('copy strided')

test('z y x to x y z and back, axes of all lengths', () => {
  for (const [depth, height, width] of [
    [2, 3, 4],
    [1, 5, 40],
    [37, 1, 66],
    [3, 70, 1],
    [5, 33, 35],
  ] as const) {
    const from = Uint16Array.from({ length: depth * height * width }, (_, index) => index)
    const to = new Uint16Array(from.length)
    const axes = [
      { count: depth, from: height * width, to: 1 },
      { count: height, from: width, to: depth },
      { count: width, from: 1, to: depth * height },
    ]
    copyStrided(from, 0, to, 0, axes)
    for (let z = 0; z < depth; z++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          if (to[(x * height + y) * depth + z] !== (z * height + y) * width + x)
            assert.unreachable(`${depth}×${height}×${width}: voxel ${z} ${y} ${x}`)
    const back = new Uint16Array(from.length)
    copyStrided(
      to,
      0,
      back,
      0,
      axes.map(({ count, from: one, to: other }) => ({ count, from: other, to: one })),
    )
    assert.equal(back, from)
  }
})

test('a part, placed somewhere; what lies around it stays', () => {
  // rows of 4; the part is 2 rows of 2 from row 1, column 2
  const from = BigUint64Array.of(0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n, 11n)
  const to = new BigUint64Array(7).fill(99n)
  copyStrided(from, 6, to, 1, [
    { count: 2, from: 4, to: 3 },
    { count: 2, from: 1, to: 1 },
  ])
  assert.equal([...to], [99n, 6n, 7n, 99n, 10n, 11n, 99n])
  copyStrided(from, 0, to, 0, [{ count: 0, from: 1, to: 1 }])
  assert.is(to[0], 99n)
})

test('no axis is one element', () => {
  const to = new Float32Array(2)
  copyStrided(Float32Array.of(1, 2), 1, to, 0, [])
  assert.equal([...to], [2, 0])
})

test.run()
