import { createChunk, withProperties, type Zyx } from '@chunkflow/sdk'
import { codeOf, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeFragment } from '../formats/fragment.js'
import { unpack } from '../formats/stored-bytes.js'
import { BOX_NAME, INFO, LARGE, labelsChunk, setUp, VOLUME } from '../testing/set-up.js'
import { signedVolume } from '../testing/topology.js'

const test = suite('mesh')

const fragments = (keys: readonly string[]): string[] => keys.filter((key) => key.includes(':'))
/** The volume of a box by marching cubes, in voxels. */
const boxVolume = ([a, b, c]: Zyx): number => a * b * c - (4 / 8) * (a + b + c - 3) - 8 * (1 / 8 - 1 / 48)
const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-4 * expected, `${actual}, not ${expected}`)

test('fragments beside a volume: names in x y z, gzip, nm with the resolution of the volume and the offset', async () => {
  const at = setUp()
  await at.mesh(labelsChunk(), { options: { simplificationFactor: 0 } })
  assert.equal(fragments(at.keys()), [
    `mesh_err_40/3:0:${BOX_NAME}.gz`,
    `mesh_err_40/71:0:${BOX_NAME}.gz`,
    `mesh_err_40/${LARGE}:0:${BOX_NAME}.gz`,
  ])
  assert.equal(at.json('info'), { ...INFO, mesh: 'mesh_err_40' })
  const read = (id: bigint) => {
    const bytes = at.at(VOLUME).get(`mesh_err_40/${id}:0:${BOX_NAME}.gz`)!
    return decodeFragment(unpack(bytes, 'gzip', ''), '')
  }
  const { vertices, triangles } = read(3n)
  const range = (axis: number) => {
    const values = vertices.filter((_, index) => index % 3 === axis)
    return [Math.min(...values), Math.max(...values)]
  }
  // x: voxels 7 + 1 to 7 + 4 of 4 nm; y: -6 + 1 to -6 + 3 of 8 nm; z: 5 + 1 to 5 + 2 of 40 nm; half a voxel beyond
  assert.equal(
    [range(0), range(1), range(2)],
    [
      [7.5 * 4, 11.5 * 4],
      [-5.5 * 8, -2.5 * 8],
      [5.5 * 40, 7.5 * 40],
    ],
  )
  near(signedVolume(vertices, triangles), boxVolume([2, 3, 4]) * 4 * 8 * 40)
  const large = read(LARGE)
  near(signedVolume(large.vertices, large.triangles), boxVolume([3, 4, 5]) * 4 * 8 * 40)
})

test('the mip chooses the resolution; other voxel sizes are told about once', async () => {
  const at = setUp()
  const globals = { mip: 1 }
  const { messages } = await at.mesh(labelsChunk(), {
    globals,
    options: { voxelSize: [45, 5, 5], simplificationFactor: 1, ids: '71' },
  })
  assert.equal(messages.warn, ['--voxel-size is 45 5 5 nm; mip 1 of file:///v has 40 16 8 nm, which is used'])
  const bytes = at.at(VOLUME).get(`mesh_err_40/71:0:${BOX_NAME}.gz`)!
  const { vertices } = decodeFragment(unpack(bytes, 'gzip', ''), '')
  const x = vertices.filter((_, index) => index % 3 === 0)
  assert.equal([Math.min(...x), Math.max(...x)], [15.5 * 8, 16.5 * 8])
  const same = await at.mesh(labelsChunk(), { globals, options: { voxelSize: [40, 16, 8] } })
  assert.equal(same.messages.warn, [])
  assert.is(await codeOf(at.mesh(labelsChunk(), { options: { mip: 2 } })), 'mesh-volume-missing')
})

test('selection: ids, then dust by voxels, then ids to skip', async () => {
  const written = async (options: object): Promise<string[]> => {
    const at = setUp({ info: { ...INFO, mesh: 'mesh' } })
    await at.mesh(labelsChunk(), { options: { ...options } })
    return fragments(at.keys()).map((key) => /\/(\d+):/.exec(key)![1]!)
  }
  // 24, 60 and 1 voxels
  assert.equal(await written({ dustThreshold: 24 }), ['3', String(LARGE)])
  assert.equal(await written({ dustThreshold: 25 }), [String(LARGE)])
  assert.equal(await written({ ids: `${LARGE}, 71,5` }), ['71', String(LARGE)])
  assert.equal(await written({ ids: String(LARGE + 1n) }), [])
  assert.equal(await written({ ids: '3,71', skipIds: '3' }), ['71'])
})

test('nothing to mesh is said, and nothing touched', async () => {
  const at = setUp()
  const { messages } = await at.mesh(labelsChunk(), { options: { ids: '5' } })
  assert.match(messages.info.join(), 'no objects to mesh')
  assert.equal([at.keys(), at.json('info')], [['info'], INFO])
})

test('a manifest for a volume of one chunk', async () => {
  const at = setUp({ info: { ...INFO, mesh: 'mesh/' } })
  await at.mesh(labelsChunk(), { options: { manifest: true, ids: '3' } })
  assert.equal(at.keys(), ['info', 'mesh/3:0', `mesh/3:0:${BOX_NAME}.gz`, 'mesh/info'])
  assert.equal(at.json('mesh/3:0'), { fragments: [`3:0:${BOX_NAME}`] })
  assert.equal(at.json('mesh/info'), { '@type': 'neuroglancer_legacy_mesh' })
})

test('what several chunks would replace is warned of', async () => {
  const at = setUp({ info: { ...INFO, mesh: 'mesh' } })
  const warnings = (options: Record<string, string | boolean>) => at.meshTwice(labelsChunk(), options)
  assert.match((await warnings({ manifest: true })).join(), 'replaces the manifests')
  assert.match(
    (await warnings({ outputFormat: 'obj', outputPath: 'file:///o' })).join(),
    'replaces the obj files',
  )
  assert.equal(await warnings({}), [])
})

test('repeated, it writes the same bytes, and leaves no other spelling of a name', async () => {
  const at = setUp({ info: { ...INFO, mesh: 'mesh' } })
  await at.put(`mesh/3:0:${BOX_NAME}`, 'older')
  await at.mesh(labelsChunk(), { options: { simplificationFactor: 2 } })
  const before = new Map(at.at(VOLUME))
  assert.not.ok(before.has(`mesh/3:0:${BOX_NAME}`))
  await at.mesh(labelsChunk(), { options: { simplificationFactor: 2 } })
  assert.equal(new Map(at.at(VOLUME)), before)
})

test('ply and obj: files with offset and voxel size', async () => {
  const at = setUp({ info: null })
  const options = { outputPath: 'file:///out', simplificationFactor: 0, ids: '71', voxelSize: [40, 8, 4] }
  await at.mesh(labelsChunk(), { options: { ...options, outputFormat: 'obj' } })
  await at.mesh(labelsChunk(), { options: { ...options, outputFormat: 'ply' } })
  assert.equal(at.keys('file:///out'), ['71.obj', '71.ply'])
  const lines = at.text('71.obj', 'file:///out').split('\n')
  // x (7 + 9) * 4, y (-6 + 1) * 8, z (5 + 6) * 40
  assert.equal(lines.filter((line) => line.startsWith('v')).sort(), [
    'v 62.00000 -40.00000 440.00000',
    'v 64.00000 -36.00000 440.00000',
    'v 64.00000 -40.00000 420.00000',
    'v 64.00000 -40.00000 460.00000',
    'v 64.00000 -44.00000 440.00000',
    'v 66.00000 -40.00000 440.00000',
  ])
  assert.is(lines.filter((line) => line.startsWith('f')).length, 8)
  // without a voxel size anywhere it is 1
  const plain = { outputPath: 'file:///one', outputFormat: 'obj', ids: '71', simplificationFactor: 0 }
  await at.mesh(labelsChunk(), { options: plain })
  assert.ok(at.text('71.obj', 'file:///one').includes('v 16.50000 -5.00000 11.00000\n'))
})

test('what is refused', async () => {
  const at = setUp()
  const floats = createChunk(new Float32Array(27), [3, 3, 3])
  assert.is(await codeOf(at.mesh(floats)), 'mesh-labels-invalid')
  const channels = createChunk(new Uint8Array(54), [2, 3, 3, 3])
  assert.is(await codeOf(at.mesh(channels)), 'mesh-labels-invalid')
  const image = createChunk(new Uint8Array(27).fill(9), [3, 3, 3], { layerType: 'image' })
  assert.match(
    await refusal(at.mesh(withProperties(image, { layerTypeDeclared: true }))),
    'declared to be an image',
  )
  await at.mesh(withProperties(image, { layerTypeDeclared: false }))
  const negative = createChunk(
    Int32Array.from({ length: 27 }, (_, index) => index - 3),
    [3, 3, 3],
  )
  assert.match(await refusal(at.mesh(negative)), 'negative ids')
  assert.is(await codeOf(at.mesh(labelsChunk(), { options: { shard: true } })), 'mesh-format-unsupported')
  for (const ids of ['', '1,x', '-3', '18446744073709551616', '1.5'])
    assert.is(await codeOf(at.mesh(labelsChunk(), { options: { skipIds: `${ids},` } })), 'mesh-ids-invalid')
  assert.is(await codeOf(setUp({ info: null }).mesh(labelsChunk())), 'mesh-volume-missing')
  const other = setUp({ info: { ...INFO, mesh: 'mesh' } })
  await other.put('mesh/info', '{"@type": "neuroglancer_multilod_draco"}')
  assert.is(await codeOf(other.mesh(labelsChunk())), 'mesh-format-unsupported')
  const outside = setUp({ info: { ...INFO, mesh: '../elsewhere' } })
  assert.is(await codeOf(outside.mesh(labelsChunk())), 'storage-key-invalid')
})

test('a dry run says what it would write', async () => {
  const at = setUp()
  const { messages } = await at.mesh(labelsChunk(), { options: { dustThreshold: 2 }, dryRun: true })
  assert.equal(messages.info, [
    `would write 2 meshes, 3:0:${BOX_NAME} for one, to the mesh folder of file:///v`,
  ])
  assert.equal([at.keys(), at.json('info')], [['info'], INFO])
})

test('a signal stops it', async () => {
  const at = setUp()
  const signal = AbortSignal.abort(new Error('stopped'))
  const error = await at.mesh(labelsChunk(), { signal }).catch((reason: Error) => reason)
  assert.ok(error instanceof Error)
  assert.equal(fragments(at.keys()), [])
})

test.run()
