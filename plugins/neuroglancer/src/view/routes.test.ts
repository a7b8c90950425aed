import { createChunk, type ViewerLayer } from '@chunkflow/sdk'
import { inlineCompute, ODD_PLACEMENT, ODD_SHAPE, rampChunk } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ArrayLayer } from '../layers/layer.js'
import { readLayers } from '../layers/read-layer.js'
import { createBlockCache } from '../levels/block-cache.js'
import { createScratch } from '../levels/scratch.js'
import { createLimiter } from '../server/limiter.js'
import type { Reply } from '../server/reply.js'
import { viewRoutes } from './routes.js'

const test = suite('view routes')
async function serve(layers: readonly ViewerLayer[]): Promise<(path: string) => Promise<Reply | undefined>> {
  const read = await readLayers(layers, {
    voxelSizeNm: undefined,
    cache: createBlockCache(2 ** 20),
    scratch: createScratch(),
    services: { compute: inlineCompute() },
  })
  const [route] = viewRoutes(read as ArrayLayer[], createLimiter(2))
  return async (text) => {
    const [path, query = ''] = text.split('?')
    const { signal } = new AbortController()
    return route!({ method: 'GET', path: path!, query: new URLSearchParams(query), signal })
  }
}
const numbers = (reply: Reply | undefined): number[] => [...(reply!.body as Uint8Array)]

test('tiles of the three planes, first axis to the right', async () => {
  const ask = await serve([
    { name: 'a', value: rampChunk(ODD_SHAPE, { dtype: 'uint16', layerType: 'image', ...ODD_PLACEMENT }) },
  ])
  const at = (z: number, y: number, x: number): number => (z * 9 + y) * 14 + x
  const tile = async (path: string): Promise<number[]> => {
    const body = Buffer.from((await ask(`tiles/0/0/${path}`))!.body as Uint8Array)
    return [...new Uint16Array(body.buffer, body.byteOffset, body.length / 2)]
  }
  const grid = (rows: number, columns: number, value: (row: number, column: number) => number): number[] =>
    Array.from({ length: rows * columns }, (_, index) => value(Math.floor(index / columns), index % columns))
  // z 8 is the second of 5 sections; y begins at -3, x at 11
  assert.equal(
    await tile('xy/8/0_0'),
    grid(9, 14, (y, x) => at(1, y, x)),
  )
  assert.equal(
    await tile('xz/-2/0_0'),
    grid(5, 14, (z, x) => at(z, 1, x)),
  )
  assert.equal(
    await tile('zy/13/0_0'),
    grid(9, 5, (y, z) => at(z, y, 2)),
  )
})

test('channels follow each other; only tiles of the grid are made', async () => {
  const ask = await serve([{ name: 'a', value: rampChunk([2, 3, 1, 2], { dtype: 'uint8' }) }])
  assert.equal(numbers(await ask('tiles/0/0/xy/1/0_0')), [2, 3, 8, 9])
  assert.equal(numbers(await ask('tiles/0/0/zy/1/0_0')), [1, 3, 5, 7, 9, 11])
  for (const path of ['xy/3/0_0', 'xy/-1/0_0', 'xy/1/1_0', 'xy/1/0_99999'])
    assert.is((await ask(`tiles/0/0/${path}`))!.status, 404, path)
  for (const path of [
    'tiles/1/0/xy/1/0_0',
    'tiles/0/1/xy/1/0_0',
    'tiles/0/0/yx/1/0_0',
    'tiles/0/0/xy/1/0_9999999',
  ])
    assert.is(await ask(path), undefined, path)
})

test('large slices come in tiles, coarser ones as means', async () => {
  const ask = await serve([{ name: 'a', value: rampChunk([1, 2, 600], { dtype: 'float32' }) }])
  const [layer] = JSON.parse((await ask('layers.json'))!.body as string)
  assert.equal([layer.levels[1].stop, layer.tileDtype, layer.role], [[1, 1, 300], 'float32', 'probability'])
  const bytes = (await ask('tiles/0/1/xy/0/0_1'))!.body as Uint8Array
  const values = new Float32Array(bytes.slice().buffer)
  assert.is(values.length, 44)
  // voxels 512, 513 of both rows
  assert.ok(Math.abs(values[0]! - (512.5 + 300) / 1200) < 1e-6)
})

test('values at a point: exact labels, each layer on its own grid', async () => {
  const labels = createChunk(BigUint64Array.of(1n, 2n ** 63n + 12345n), [1, 1, 2], {
    dtype: 'uint64',
    voxelOffset: [10, 20, 30],
    voxelSize: [40, 4, 4],
  })
  const ask = await serve([
    { name: 'image', value: rampChunk([2, 1, 60, 80], { dtype: 'uint8', voxelSize: [400, 4, 4] }) },
    { name: 'seg', value: labels },
  ])
  const values = JSON.parse((await ask('values?z=410&y=82&x=126'))!.body as string)
  assert.equal(values, [
    { name: 'image', voxel: [1, 20, 31], values: null },
    { name: 'seg', voxel: [10, 20, 31], values: ['9223372036854788153'] },
  ])
  const inside = JSON.parse((await ask('values?z=0&y=4&x=8'))!.body as string)
  assert.equal(inside[0].values, ['82', String((4800 + 82) % 256)])
  for (const query of ['', '?z=1&y=a&x=1', '?z=1&y=1e999&x=1'])
    assert.is((await ask(`values${query}`))!.status, 400)
})

test.run()
