import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type AnyOperator, type Chunk, createChunk, type Skeleton, type Skeletons, zyx } from '@chunkflow/sdk'
import {
  codeOf,
  errorOf,
  inlineCompute,
  memoryStore,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readRecords } from '../../../neuroglancer/src/layers/read-records.js'
import { IDENTITY } from '../files/info.js'
import { decodeSkeleton, encodeSkeleton } from '../files/precomputed.js'
import { formatSwc, parseSwc } from '../files/swc.js'
import { skeletonOf } from '../graph/merge.js'
import { cableOf, shapeOf, treesOf } from '../testing/forest.js'
import aggregate from './aggregate-skeleton-fragments.js'
import loadSkeleton from './load-skeleton.js'
import saveSwc from './save-swc.js'
import skeletonize from './skeletonize.js'

const test = suite('skeleton operators')
const folder = temporaryFolder()
test.after(() => folder.remove())
const file = (name: string): string => path.join(folder.path, name)
const store = memoryStore()
const services = { files: testFiles(folder.path), store, compute: inlineCompute() }
const run = (
  definition: AnyOperator,
  options: Record<string, unknown>,
  variables: Record<string, unknown> = {},
  more: { dryRun?: boolean } = {},
) => runOperator(definition, { options: options as never, variables, services, ...more })

/** Two bars along x, of uint64 ids, and a speck. */
const BIG = 2n ** 63n + 5n
function bars(xStart: number, length: number): Chunk {
  const data = new BigUint64Array(9 * 12 * length)
  for (let z = 0; z < 9; z++)
    for (let y = 0; y < 12; y++)
      for (let x = 0; x < length; x++) {
        const at = (z * 12 + y) * length + x
        if (z >= 1 && z <= 3 && y >= 2 && y <= 4) data[at] = BIG
        if (z === 6 && y >= 7 && y <= 9) data[at] = 12n
      }
  data[0] = 3n
  return createChunk(data, [9, 12, length], {
    voxelOffset: [7, -3, xStart],
    voxelSize: [40, 40, 40],
    layerType: 'segmentation',
  })
}

const EXAMPLE = skeletonOf(
  Float32Array.from([40, 8, 4.5, 80, 8, 4, 120, 16, 0.1, 400, 1, 2]),
  [1, 0, 1, 2],
  Float32Array.from([1, 2.25, 3, 0.3]),
)

test('the precomputed form is that of Neuroglancer, x y z and little endian', async () => {
  const bytes = Buffer.from(encodeSkeleton(EXAMPLE))
  assert.is(bytes.length, 8 + 4 * 12 + 2 * 8 + 4 * 4)
  assert.equal([bytes.readUInt32LE(0), bytes.readUInt32LE(4)], [4, 2])
  assert.equal(
    [8, 12, 16].map((at) => bytes.readFloatLE(at)),
    [4.5, 8, 40],
  )
  assert.equal(
    [56, 60, 64, 68].map((at) => bytes.readUInt32LE(at)),
    [1, 0, 1, 2],
  )
  assert.is(bytes.readFloatLE(76), 2.25)
  assert.equal(decodeSkeleton(bytes, undefined, IDENTITY, 'a'), EXAMPLE)
  // other attributes before the radius, and stored coordinates that are voxels
  const mixed = Buffer.concat([bytes.subarray(0, 72), Buffer.from([9, 9, 9, 9]), bytes.subarray(72)])
  const attributes = [
    { id: 'type', dataType: 'uint8', components: 1 },
    { id: 'radius', dataType: 'float32', components: 1 },
  ]
  const moved = decodeSkeleton(mixed, attributes, [2, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, -10], 'a')
  assert.equal([...moved.vertices.data.slice(0, 3)], [30, 8, 10])
  assert.equal(moved.radii, EXAMPLE.radii)
  assert.is(decodeSkeleton(mixed, undefined, IDENTITY, 'a').radii, undefined)
  for (const bad of [bytes.subarray(0, 4), bytes.subarray(0, 60), Buffer.from(bytes).fill(0xff, 56, 57)])
    assert.is(await codeOf(() => decodeSkeleton(bad, undefined, IDENTITY, 'a')), 'skeleton-fragments')
})

test('SWC names its unit, numbers parents before children, and comes back', async () => {
  const text = formatSwc(5n, EXAMPLE)
  assert.equal(text.split('\n').slice(3), [
    '1 0 4.5 8 40 1 -1',
    '2 0 4 8 80 2.25 1',
    '3 0 0.1 16 120 3 2',
    '4 0 2 1 400 0.3 -1',
    '',
  ])
  assert.match(text, /^# skeleton 5\n# .*nanometres/)
  const back = parseSwc(text, 'a.swc')
  assert.equal(shapeOf(back), shapeOf(EXAMPLE))
  assert.equal([...back.radii!], [...EXAMPLE.radii!])
  // parents may come later, columns be separated by tabs
  assert.equal([...parseSwc('2\t0\t1\t2\t3\t4\t7\n7 0 1 2 4 4 -1 # root', 'b.swc').edges.data], [0, 1])
  assert.is(await codeOf(() => parseSwc('1 2 3', 'a.swc')), 'swc-invalid')
  assert.is(await codeOf(() => parseSwc('1 0 0 0 0 1 9', 'a.swc')), 'swc-invalid')
})

test('skeletons are stored as fragments by exact id, shown, and the same again', async () => {
  const chunk = bars(11, 60)
  const options = { outputPath: 'mem://fragments', dustThreshold: 2 }
  const { task, messages } = await run(skeletonize, options, { chunk })
  const skeletons = task.get<Skeletons>('skels')
  assert.equal([...skeletons.keys()], [12n, BIG])
  assert.match(messages.info[0]!, '1 objects of fewer than 2 voxels')
  const { objects } = store.storages.get('mem://fragments')!
  const names = [`12:7-16_-3-9_11-71.gz`, `${BIG}:7-16_-3-9_11-71.gz`]
  assert.equal([...objects.keys()].sort(), [...names, 'info'].sort())
  const info = JSON.parse(Buffer.from(objects.get('info')!).toString())
  assert.is(info['@type'], 'neuroglancer_skeletons')
  const stored = decodeSkeleton(gunzipSync(objects.get(names[1]!)!), undefined, IDENTITY, 'a')
  assert.equal(stored, plain(skeletons.get(BIG)!))
  // the middle of the bar
  assert.ok(shapeOf(stored).includes([(2 + 7) * 40, (3 - 3) * 40, (30 + 11) * 40].join(' ')))
  const before = new Map(objects)
  await run(skeletonize, options, { chunk })
  assert.equal(new Map(objects), before)

  const layers = readRecords({ name: 'skels', options: {} }, skeletons, zyx(1, 1, 1))!
  const [layer] = layers
  assert.ok(layer?.kind === 'skeletons')
  assert.equal([...layer.skeletons.keys()], [12n, BIG])
  const shown = layer.skeletons.get(BIG)!
  assert.equal([...shown.vertices.slice(0, 3)], [...stored.vertices.data.slice(0, 3)].reverse())
  assert.equal(readRecords({ name: 'skels', options: {} }, new Map(), zyx(1, 1, 1)), [])
})

/** Without knowing on which memory arrays lie. */
const plain = ({ vertices, edges, radii }: Skeleton): Skeleton =>
  skeletonOf(
    Float32Array.from(vertices.data as Float32Array),
    [...(edges.data as Uint32Array)],
    Float32Array.from(radii!),
  )

test('only wanted objects, plain files, another voxel size; wrong input is refused', async () => {
  const chunk = bars(11, 30)
  const { task } = await run(
    skeletonize,
    { ids: `${BIG}`, dustThreshold: 0, outputPath: 'mem://plain', compression: 'none', voxelSize: [4, 4, 4] },
    { chunk },
  )
  const skeletons = task.get<Skeletons>('skels')
  assert.equal([...skeletons.keys()], [BIG])
  assert.is((skeletons.get(BIG)!.vertices.data[0]! as number) % 4, 0)
  const { objects } = store.storages.get('mem://plain')!
  assert.ok(objects.has(`${BIG}:7-16_-3-9_11-41`))
  const refused = (options: Record<string, unknown>, given: unknown) =>
    codeOf(run(skeletonize, options, { chunk: given }))
  assert.is(await refused({}, createChunk(new Float32Array(1), [1, 1, 1])), 'skeleton-labels')
  assert.is(await refused({}, createChunk(new Uint32Array(2), [2, 1, 1, 1])), 'skeleton-labels')
  assert.is(await refused({}, createChunk(new Uint32Array(2), [2, 1, 1])), 'skeleton-options')
  assert.is(await refused({ ids: '1,x' }, chunk), 'skeleton-options')
  await (await store.open('mem://volume')).write('info', Buffer.from('{"type": "segmentation"}'))
  assert.is(await refused({ outputPath: 'mem://volume' }, chunk), 'skeleton-info')
  const dry = await run(skeletonize, { outputPath: 'mem://dry' }, { chunk }, { dryRun: true })
  assert.match(dry.messages.info.join(), 'would write 0 skeletons')
  assert.is((await store.open('mem://dry')) && store.storages.get('mem://dry')!.objects.size, 0)
})

test('fragments of neighbouring chunks become one line, whatever was done before', async () => {
  const path = 'mem://parts'
  // they share the section at x = 70
  for (const chunk of [bars(11, 60), bars(70, 60)])
    await run(skeletonize, { outputPath: path, dustThreshold: 2 }, { chunk })
  const { objects } = store.storages.get(path)!
  objects.set('999:not-a-skeleton-but-an-id', encodeSkeleton(skeletonOf(new Float32Array(3), [], undefined)))
  await run(aggregate, { fragmentsPath: path, outputPath: 'mem://whole' }, { prefix: '1' })
  const whole = store.storages.get('mem://whole')!.objects
  assert.equal([...whole.keys()].sort(), ['12.gz', 'info'])
  const { messages } = await run(aggregate, { fragmentsPath: path, outputPath: 'mem://whole', prefix: '' })
  assert.match(messages.info.join(), '2 skeletons')
  assert.equal([...whole.keys()].sort(), ['12.gz', `${BIG}.gz`, 'info'].sort())
  const before = new Map(whole)
  const { task } = await run(loadSkeleton, { path: 'mem://whole' })
  const loaded = task.get<Skeletons>('skels')
  assert.equal([...loaded.keys()], [12n, BIG])
  for (const skeleton of loaded.values()) {
    assert.is(treesOf(skeleton), 1)
    // 118 steps of 40 nm, and the ways from corners
    assert.ok(cableOf(skeleton) >= 118 * 40 && cableOf(skeleton) < 122 * 40, `${cableOf(skeleton)}`)
  }
  // beside the fragments, twice: skeletons are no fragments
  await run(aggregate, { fragmentsPath: path, prefix: '1' })
  await run(aggregate, { fragmentsPath: path, prefix: '1' })
  assert.equal(objects.get('12.gz'), before.get('12.gz'))
  await run(aggregate, { fragmentsPath: path, outputPath: 'mem://whole', prefix: '' })
  assert.equal(new Map(whole), before)
  assert.is(await codeOf(run(aggregate, { fragmentsPath: path, prefix: 'x' })), 'skeleton-options')
  assert.is(await codeOf(run(aggregate, { fragmentsPath: path })), 'skeleton-options')
  const dry = await run(
    aggregate,
    { fragmentsPath: path, outputPath: 'mem://never', prefix: '' },
    {},
    { dryRun: true },
  )
  assert.match(dry.messages.info.join(), 'would write 3 skeletons')
  objects.set('12:broken', new Uint8Array([1]))
  assert.is(await codeOf(run(aggregate, { fragmentsPath: path, prefix: '12' })), 'skeleton-fragments')
})

test('compression is told by name, header or first bytes', async () => {
  const storage = store.storages.get('mem://whole')!
  const bytes = gunzipSync(storage.objects.get('12.gz')!)
  storage.objects.delete('12.gz')
  for (const [name, content] of [
    ['12', bytes],
    ['12', gzipSync(bytes)],
  ] as const) {
    storage.objects.set(name, content)
    const { task } = await run(loadSkeleton, { path: 'mem://whole' })
    assert.ok(task.get<Skeletons>('skels').has(12n))
  }
})

test('SWC files are saved one an object and loaded, moved by an offset', async () => {
  const skels: Skeletons = new Map([
    [5n, EXAMPLE],
    [BIG, EXAMPLE],
  ])
  await services.files.write('swc/readme.txt', Buffer.from('no skeleton'))
  await run(saveSwc, { outputPrefix: 'swc' }, { skels })
  const text = readFileSync(file(`swc/${BIG}.swc`), 'utf8')
  assert.equal(text, formatSwc(BIG, EXAMPLE))
  const load = async (options: Record<string, unknown>): Promise<Skeletons> =>
    (await run(loadSkeleton, options)).task.get('skels')
  const loaded = await load({ path: 'swc' })
  assert.equal([...loaded.keys()], [5n, BIG])
  assert.equal(shapeOf(loaded.get(5n)!), shapeOf(EXAMPLE))
  for (const options of [{ offset: [40, 16, -4] }, { voxelOffset: [1, 2, -1], voxelSize: [40, 8, 4] }]) {
    const moved = await load({ path: `swc/${BIG}.swc`, ...options })
    assert.equal([...moved.keys()], [BIG])
    assert.equal([...moved.get(BIG)!.vertices.data.slice(0, 3)], [80, 24, 0.5])
  }
  const dry = await run(saveSwc, { outputPrefix: 'dry-' }, { skels }, { dryRun: true })
  assert.match(dry.messages.info[0]!, 'dry-5.swc')
  assert.is(await services.files.status('dry-5.swc'), null)
  writeFileSync(file('many.mb'), '')
  assert.match((await errorOf(load({ path: 'many.mb' }))).fix!, 'MapBuffer')
  assert.is(await codeOf(load({ path: 'nothing' })), 'skeleton-missing')
  await services.files.write('none/readme.txt', Buffer.from(''))
  assert.is(await codeOf(load({ path: 'none' })), 'skeleton-missing')
  assert.is(await codeOf(load({ path: 'mem://nowhere' })), 'skeleton-missing')
  assert.is(
    await codeOf(() => loadSkeleton.infer!({}, { voxelOffset: [1, 1, 1] } as never)),
    'skeleton-options',
  )
  assert.is(await codeOf(run(saveSwc, {}, { skels: 5 })), 'plan-kind-mismatch')
})

test.run()
