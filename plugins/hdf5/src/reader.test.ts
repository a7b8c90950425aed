import { boxFromSize, zyx } from '@chunkflow/sdk'
import { ODD_PLACEMENT, ODD_SHAPE, rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hdf5Reader } from './reader.js'
import { h5Folder } from './testing/h5.js'

const test = suite('hdf5 reader')
const folder = h5Folder()
const reader = hdf5Reader(folder.files, folder.compute, folder.entry)
test.after(async () => {
  await reader.dispose()
  folder.remove()
})

test('recognises files by name', () => {
  assert.ok(['a/b.h5', 'a.HDF', 'a.hdf5'].every((path) => reader.matches(path)))
  assert.not.ok(reader.matches('a.tif'))
})

test('describes an array without reading it', async () => {
  await folder.save(rampChunk(ODD_SHAPE, { dtype: 'uint16', ...ODD_PLACEMENT }), { fileName: 'ramp.h5' })
  assert.equal(await reader.probe('ramp.h5'), {
    shape: [5, 9, 14],
    dtype: 'uint16',
    ...ODD_PLACEMENT,
    layerType: 'segmentation',
  })
})

test('reads boxes, several at a time', async () => {
  const boxes = [0, 1, 2].map((x) => boxFromSize(zyx(8, 0, 12 + x), zyx(1, 1, 2)))
  const chunks = await Promise.all(boxes.map((box) => reader.read('ramp.h5', { box })))
  assert.equal(
    chunks.map(({ data }) => [...data]),
    // voxel 8 0 12 is element (1, 3, 1)
    [0, 1, 2].map((x) => [(9 + 3) * 14 + 1 + x, (9 + 3) * 14 + 2 + x]),
  )
  assert.equal((await reader.read('ramp.h5', { dataset: '/main' })).shape, [5, 9, 14])
  const outside = boxFromSize(zyx(8, 0, 12), zyx(9, 9, 9))
  assert.match(await refusal(() => reader.read('ramp.h5', { box: outside })), 'chunk-outside')
})

test.run()
