import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createChunk } from '@chunkflow/sdk'
import { codeOf, randomChunk, refusal, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LARGE, labelsChunk, setUp } from '../testing/set-up.js'

const test = suite('download-mesh')
const folder = temporaryFolder()
test.after(() => folder.remove())

async function meshed() {
  const at = setUp({ folder: folder.path })
  await at.mesh(labelsChunk())
  await at.manifest()
  return at
}
const OUT = 'file:///out'

test('ids in a list, and in a file', async () => {
  const at = await meshed()
  await at.download({ options: { input: `71,${LARGE}`, outPre: `${OUT}/pre-` } })
  assert.equal(at.keys(OUT), ['pre-71.ply', `pre-${LARGE}.ply`])
  writeFileSync(path.join(folder.path, 'ids.txt'), '3, 71\n')
  await at.download({ options: { input: 'ids.txt', outPre: `${OUT}2/`, outFormat: 'obj' } })
  assert.equal(at.keys(`${OUT}2`), ['3.obj', '71.obj'])
  assert.is(
    at
      .text('71.obj', `${OUT}2`)
      .split('\n')
      .filter((line) => line.startsWith('f')).length,
    8,
  )
})

test('the largest objects of a variable', async () => {
  const at = await meshed()
  const variables = { seg: labelsChunk() }
  const files = async (options: object): Promise<string[]> => {
    const { task } = await at.download({ options: { input: 'seg', ...options }, variables })
    assert.ok(task.has('seg'))
    return at.keys((options as { outPre: string }).outPre.slice(0, -1))
  }
  assert.equal(await files({ stopRank: 2, outPre: 'file:///a/' }), ['3.ply', `${LARGE}.ply`])
  assert.equal(await files({ startRank: 1, stopRank: 9, outPre: 'file:///b/' }), ['3.ply', '71.ply'])
})

test('fragments join to one closed surface', async () => {
  const size = [8, 9, 24] as const
  const whole = randomChunk(size, { dtype: 'uint8' }, { limit: 2, seed: 4 })
  // empty around it, so that the surface has no border
  for (let index = 0; index < whole.data.length; index++) {
    const [z, y, x] = [Math.floor(index / 216), Math.floor(index / 24) % 9, index % 24]
    if (z % 7 === 0 || y % 8 === 0 || x % 23 === 0) whole.data[index] = 0
  }
  const at = setUp()
  for (const [from, to] of [
    [0, 11],
    [10, 24],
  ] as const) {
    const data = Uint8Array.from({ length: 72 * (to - from) }, (_, index) =>
      Number(whole.data[Math.floor(index / (to - from)) * 24 + from + (index % (to - from))]),
    )
    await at.mesh(createChunk(data, [8, 9, to - from], { voxelOffset: [0, 0, from] }), {
      options: { simplificationFactor: 0 },
    })
  }
  await at.manifest()
  await at.download({ options: { input: '1', outPre: `${OUT}/`, outFormat: 'obj' } })
  const lines = at.text('1.obj', OUT).split('\n')
  const edges = new Set<string>()
  for (const line of lines.filter((text) => text.startsWith('f'))) {
    const [a, b, c] = line.split(' ').slice(1) as [string, string, string]
    for (const [from, to] of [
      [a, b],
      [b, c],
      [c, a],
    ])
      edges.add(`${from} ${to}`)
  }
  assert.ok(edges.size > 1000)
  for (const edge of edges) assert.ok(edges.has(edge.split(' ').reverse().join(' ')), `${edge} is open`)
})

test('what is missing', async () => {
  const at = await meshed()
  const get = (options: object, rest: object = {}) =>
    at.download({ options: { outPre: `${OUT}/`, ...options }, ...rest })
  assert.is(await codeOf(get({ input: '3,4' })), 'mesh-missing')
  assert.match(await refusal(get({ input: 'no-such-file.txt' })), 'There is no file no-such-file.txt')
  assert.match(await refusal(get({ input: 'abc' })), '"abc" is not an object id')
  const seg = createChunk(Uint8Array.of(0, 4, 4, 3, 3, 3, 3, 3), [2, 2, 2])
  const { messages } = await get({ input: 'seg', stopRank: 2 }, { variables: { seg } })
  assert.equal(messages.warn, ['object 4 has no mesh in file:///v/mesh_err_40'])
  const [fragment] = at.json('mesh_err_40/3:0').fragments as [string]
  await at.put('mesh_err_40/3:0', JSON.stringify({ fragments: [fragment, '3:0:gone'] }))
  assert.is(await codeOf(get({ input: '3' })), 'mesh-missing')
  await at.put('mesh_err_40/3:0', JSON.stringify({ fragments: ['../../secret'] }))
  assert.is(await codeOf(get({ input: '3' })), 'storage-key-invalid')
  await at.put('mesh_err_40/3:0', '[]')
  assert.is(await codeOf(get({ input: '3' })), 'mesh-fragment-corrupt')
  await at.put('mesh_err_40/3:0', JSON.stringify({ fragments: [fragment] }))
  await at.put(`mesh_err_40/${fragment}.gz`, 'no mesh at all')
  assert.is(await codeOf(get({ input: '3' })), 'mesh-fragment-corrupt')
})

test('a dry run names the files', async () => {
  const at = await meshed()
  const { messages } = await at.download({ options: { input: '3', outPre: `${OUT}/a-` }, dryRun: true })
  assert.equal(messages.info, [`would write ${OUT}/a-3.ply`])
  assert.equal(at.keys(OUT), [])
})

test.run()
