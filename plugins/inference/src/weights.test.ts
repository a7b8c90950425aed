import { zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { patchWeights } from './weights.js'

const test = suite('patch weights')

const close = (actual: number, expected: number, tolerance = 1e-7): void =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1e-3, Math.abs(expected)) * 10,
    `${actual}, not ${expected}`,
  )
const mean = (values: Float32Array): number =>
  Float64Array.from(values).reduce((left, right) => left + right, 0) / values.length

test('halves on faces, edges and corners of a small patch', () => {
  const weights = patchWeights(zyx(4, 4, 4), zyx(1, 1, 1))
  const at = (z: number, y: number, x: number) => weights[(z * 4 + y) * 4 + x]!
  close(at(0, 0, 0), 0.125)
  close(at(3, 0, 3), 0.125)
  close(at(0, 1, 3), 0.25)
  close(at(0, 1, 2), 0.5)
  for (const z of [1, 2]) for (const y of [1, 2]) for (const x of [1, 2]) assert.is(at(z, y, x), 1)
})

test('has the values of the reference for 20x256x256 with overlap 4 64 64', () => {
  const weights = patchWeights(zyx(20, 256, 256), zyx(4, 64, 64))
  const at = (z: number, y: number, x: number) => weights[(z * 256 + y) * 256 + x]!
  close(
    weights.reduce((left, right) => Math.min(left, right)),
    1.4004462e-6,
    1e-9,
  )
  assert.is(
    weights.reduce((left, right) => Math.max(left, right)),
    1,
  )
  close(mean(weights), 0.45, 1e-4)
  close(at(0, 0, 0), 3.5693838e-6, 1e-9)
  for (const [z, value] of [0.02001437, 0.29741347, 0.70258653, 0.97998565, 1].entries())
    close(at(z, 128, 128), value)
  close(at(10, 128, 31), 0.48511246)
  close(at(10, 128, 32), 0.5148876)
  close(at(10, 128, 63), 0.9999986)
  for (let z = 4; z < 16; z++) for (let y = 64; y < 192; y++) assert.is(at(z, y, 64 + ((z * y) % 128)), 1)
})

test('is 1 without overlap and for a single voxel', () => {
  assert.ok(patchWeights(zyx(3, 5, 4), zyx(0, 0, 0)).every((weight) => weight === 1))
  assert.equal([...patchWeights(zyx(1, 1, 1), zyx(0, 0, 0))], [1])
})

test.run()
