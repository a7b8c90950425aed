import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { boxFromSize, type Points, type Synapses, zyx } from '@chunkflow/sdk'
import { codeOf, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { synapseFolder } from '../testing/set-up.js'
import loadSynapses from './load-synapses.js'
import savePoints from './save-points.js'
import saveSynapses from './save-synapses.js'

const test = suite('files of synapses and points')
const here = synapseFolder()
test.after(() => here.remove())

const rows = (columns: number, values: readonly number[]) => ({
  shape: [values.length / columns, columns],
  dtype: 'int32' as const,
  data: Int32Array.from(values),
})

const SYNAPSES: Synapses = {
  pre: rows(3, [7, -3, 11, 8, 5, 24, 11, 5, 12]),
  post: rows(4, [0, 7, -2, 13, 2, 11, 6, 14, 2, 10, 5, 15, 1, 8, 5, 25]),
  resolution: zyx(40, 8, 4),
  preConfidence: new Float32Array([0.5, 0.75, 0.1]),
  postConfidence: new Float32Array([0.2, 0.3, 0.4, 1]),
  users: ['Ada', 'Grace'],
  preUsers: new Int32Array([0, -1, 1]),
  postUsers: new Int32Array([1, 1, 0, -1]),
}

/** Plain numbers, so that arrays of any making compare. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part) => (ArrayBuffer.isView(part) ? Array.from(part as Float32Array) : part)),
  )
const load = async (options: Record<string, unknown>, variables = {}): Promise<Synapses | null> =>
  (await here.run(loadSynapses, options, variables)).task.get('syns')
const save = (filePath: string, syns: Synapses | null, variables = {}) =>
  here.run(saveSynapses, { filePath }, { syns, ...variables })

for (const file of ['a.h5', 'a.json'])
  test(`all that is known comes back from ${file}, the same bytes each time`, async () => {
    await save(file, SYNAPSES)
    const bytes = readFileSync(here.file(file))
    assert.equal(plain(await load({ filePath: file })), plain(SYNAPSES))
    await save(file, SYNAPSES)
    assert.equal(readFileSync(here.file(file)), bytes)
    await save(file, { pre: SYNAPSES.pre, post: null, resolution: zyx(1, 1, 1) })
    assert.equal(
      plain(await load({ filePath: file })),
      plain({ pre: SYNAPSES.pre, post: null, resolution: [1, 1, 1] }),
    )
    const nobody = { pre: SYNAPSES.pre, post: null, resolution: zyx(1, 1, 1), users: [] }
    await save(file, nobody)
    assert.equal(plain(await load({ filePath: file })), plain(nobody))
  })

test('h5py reads what is written', async () => {
  await save('a.h5', SYNAPSES)
  const seen = here.python(`
with h5py.File('a.h5') as f:
  for name in sorted(f): print(name, f[name].dtype, f[name][()].round(3).tolist())
  print(f.attrs['users'])`)
  if (seen === null) return
  assert.equal(seen.split('\n'), [
    'post int32 [[0, 7, -2, 13], [2, 11, 6, 14], [2, 10, 5, 15], [1, 8, 5, 25]]',
    'post_confidence float32 [0.20000000298023224, 0.30000001192092896, 0.4000000059604645, 1.0]',
    'post_users int32 [1, 1, 0, -1]',
    'pre int32 [[7, -3, 11], [8, 5, 24], [11, 5, 12]]',
    'pre_confidence float32 [0.5, 0.75, 0.10000000149011612]',
    'pre_users int32 [0, -1, 1]',
    'resolution float64 [40.0, 8.0, 4.0]',
    'Ada;Grace',
  ])
})

test("h5py's files are read: the older name, other types, columns x y z, one of its own resolution", async () => {
  const made = here.python(`
with h5py.File('old.h5', 'w') as f:
  f['tbars'] = np.array([[11, -3, 7], [24, 5, 8]], 'int64')
  f['post'] = np.array([[1, 25, 6, 9]], 'float64')
  f['resolution'] = np.array([4, 8, 40])
  f['pre_confidence'] = np.array([0.25, 1], 'float64')
  f.attrs['users'] = 'Ada'`)
  if (made === null) return
  const expected = {
    pre: rows(3, [7, -3, 11, 8, 5, 24]),
    post: rows(4, [1, 9, 6, 25]),
    resolution: [40, 8, 4],
    preConfidence: [0.25, 1],
    users: ['Ada'],
  }
  assert.equal(plain(await load({ filePath: 'old.h5', cOrder: false })), plain(expected))
  const other = await load({ filePath: 'old.h5', resolution: [30, 6, 6] })
  assert.equal(
    [[...other!.pre.data], [...other!.resolution]],
    [
      [11, -3, 7, 24, 5, 8],
      [30, 6, 6],
    ],
  )
})

test('JSON with a member a synapse is read in the order it states', async () => {
  const entries = {
    order: ['x', 'y', 'z'],
    resolution: [4, 8, 40],
    first: { coord: [11, -3, 7], postsynapses: [[13, -2, 7]] },
    second: { coord: [24, 5, 8] },
    third: {
      coord: [12, 5, 11],
      postsynapses: [
        [14, 6, 11],
        [15, 5, 10],
      ],
    },
  }
  writeFileSync(here.file('entries.json'), JSON.stringify(entries))
  const read = await load({ filePath: 'entries.json' })
  assert.equal(
    plain(read),
    plain({
      pre: SYNAPSES.pre,
      post: rows(4, [0, 7, -2, 13, 2, 11, 6, 14, 2, 10, 5, 15]),
      resolution: [40, 8, 4],
    }),
  )
  // nobody is no mistake, something else is
  writeFileSync(here.file('nobody.json'), JSON.stringify({ order: ['z', 'y', 'x'], resolution: [40, 8, 4] }))
  assert.is(await load({ filePath: 'nobody.json' }), null)
  writeFileSync(here.file('foreign.json'), JSON.stringify({ presynapses: [[1, 2, 3]] }))
  assert.match(await refusal(load({ filePath: 'foreign.json' })), 'it has presynapses, but no synapse')
  const { order: _, ...silent } = entries
  writeFileSync(here.file('silent.json'), JSON.stringify(silent))
  assert.equal([...(await load({ filePath: 'silent.json' }))!.pre.data].slice(0, 3), [11, -3, 7])
})

test('files are named by the box of the task, with a suffix; null is an empty file', async () => {
  const bbox = boxFromSize(zyx(7, -3, 11), zyx(5, 9, 14))
  await save('pre-', SYNAPSES, { bbox })
  assert.ok(statSync(here.file('pre-7-12_-3-6_11-25.h5')).size > 0)
  assert.is((await load({ filePath: 'pre-' }, { bbox }))!.pre.shape[0], 3)
  await save('pre-', null, { bbox })
  assert.is(statSync(here.file('pre-7-12_-3-6_11-25.h5')).size, 0)
  assert.is(await load({ filePath: 'pre-' }, { bbox }), null)
  await here.files.write('folder/7-12_-3-6_11-25_x.json', Buffer.from('{"pre": []}'))
  assert.is(await load({ filePath: 'folder', suffix: '_x.json' }, { bbox }), null)
  await save('folder', SYNAPSES, { bbox })
  assert.is((await load({ filePath: 'folder/' }, { bbox }))!.pre.shape[0], 3)
  await save('plain', SYNAPSES)
  const { task } = await here.run(loadSynapses, { filePath: 'folder/7-12_-3-6_11-25.h5', setBbox: true })
  assert.equal(task.get('bbox'), bbox)
  assert.is(await codeOf(load({ filePath: 'nothing-' }, { bbox })), 'synapses-missing')
  assert.is(await codeOf(load({ filePath: 'nothing.h5' })), 'synapses-missing')
  assert.is(await codeOf(load({ filePath: 'plain.h5', setBbox: true })), 'synapses-options')
  assert.is(await codeOf(save('folder', SYNAPSES)), 'synapses-options')
})

test('those outside go with their postsynapses, the rest is numbered again; the stop is outside unless asked', async () => {
  await save('a.h5', SYNAPSES)
  // the second one lies at the stop along x
  const bbox = boxFromSize(zyx(8, -3, 11), zyx(4, 9, 13))
  const kept = await load({ filePath: 'a.h5', removeOutside: true }, { bbox })
  const expected = {
    pre: rows(3, [11, 5, 12]),
    post: rows(4, [0, 11, 6, 14, 0, 10, 5, 15]),
    resolution: [40, 8, 4],
    preConfidence: new Float32Array([0.1]),
    postConfidence: new Float32Array([0.3, 0.4]),
    users: ['Ada', 'Grace'],
    preUsers: [1],
    postUsers: [1, 0],
  }
  assert.equal(plain(kept), plain(expected))
  const more = await load({ filePath: 'a.h5', removeOutside: true, inclusive: true }, { bbox })
  assert.equal([...more!.pre.data], [8, 5, 24, 11, 5, 12])
  assert.equal([...more!.post!.data], [1, 11, 6, 14, 1, 10, 5, 15, 0, 8, 5, 25])
  const far = boxFromSize(zyx(100, 0, 0), zyx(4, 9, 13))
  assert.is(await load({ filePath: 'a.h5', removeOutside: true }, { bbox: far }), null)
})

test('what is no file of synapses is refused', async () => {
  const refused = async (content: unknown): Promise<string> => {
    writeFileSync(here.file('bad.json'), typeof content === 'string' ? content : JSON.stringify(content))
    return codeOf(load({ filePath: 'bad.json' }))
  }
  const pre = [[1, 2, 3]]
  for (const content of [
    '{',
    [],
    { pre: [[1, 2]] },
    { pre: [[1, 2, 3.5]] },
    { pre: [[1, 2, 2 ** 40]] },
    { pre, post: [[1, 1, 2, 3]] },
    { pre, pre_confidence: [1, 1] },
    { pre, order: ['y', 'x', 'z'] },
    { pre, resolution: [1, 0, 1] },
    { pre, users: [5] },
  ])
    assert.is(await refused(content), 'synapses-invalid', JSON.stringify(content))
  await here.run(
    savePoints,
    { filePath: 'points.h5' },
    { point_cloud: { points: SYNAPSES.pre, voxelSize: [1, 1, 1] } },
  )
  assert.is(await codeOf(load({ filePath: 'points.h5' })), 'synapses-invalid')
  assert.is(await codeOf(here.run(saveSynapses, { filePath: 'a.h5' }, { syns: 5 })), 'plan-kind-mismatch')
  assert.is(await codeOf(save('a.h5', { ...SYNAPSES, users: ['a;b'] })), 'synapses-invalid')
})

test('points are saved for h5py', async () => {
  const point_cloud: Points = { points: rows(3, [7, -3, 11, 8, 5, 24]), voxelSize: zyx(40, 8, 4.5) }
  await here.run(savePoints, { filePath: 'points.h5' }, { point_cloud })
  const seen = here.python(`
with h5py.File('points.h5') as f: print({name: f[name][()].tolist() for name in f})`)
  if (seen !== null) assert.is(seen, "{'points': [[7, -3, 11], [8, 5, 24]], 'voxel_size': [40.0, 8.0, 4.5]}")
  assert.is(
    await codeOf(here.run(savePoints, { filePath: 'p.h5' }, { point_cloud: [1] })),
    'plan-kind-mismatch',
  )
  assert.is(await codeOf(() => savePoints.infer!({}, { filePath: 'p.txt' } as never)), 'synapses-options')
})

test('a dry run names the file and writes none', async () => {
  for (const [operator, name, value] of [
    [saveSynapses, 'syns', SYNAPSES],
    [savePoints, 'point_cloud', { points: SYNAPSES.pre, voxelSize: [1, 1, 1] }],
  ] as const) {
    const { messages } = await here.run(
      operator,
      { filePath: 'never.h5' },
      { [name]: value },
      { dryRun: true },
    )
    assert.match(messages.info[0]!, 'never.h5')
    assert.is(await here.files.status('never.h5'), null)
  }
})

test.run()
