/** Whole command lines that make, list and fetch meshes (section 8 of the operator specification). */
import { mkdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { askPython } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startCloud } from '../production/cloud.js'
import { chunkflow, filesIn, succeeds, withoutTmp, workFolder } from './chunkflow.js'

const test = suite('meshes')
const folder = workFolder()
const { cwd, file } = folder
const buckets = workFolder()
const cloud = await startCloud(buckets.cwd, ['my-project'])
const run = (line: string, env: NodeJS.ProcessEnv = {}) =>
  succeeds(withoutTmp(line, cwd), { cwd, env: { ...cloud.env, ...env } })
test.after(async () => {
  await cloud.close()
  buckets.remove()
  folder.remove()
})

/** What numpy finds in a stored fragment: numbers of vertices and triangles, lowest and highest x y z, enclosed volume. */
const READ_FRAGMENT = `
import gzip, json, sys
import numpy as np
data = gzip.open(sys.argv[1], 'rb').read()
n = int(np.frombuffer(data, '<u4', 1)[0])
v = np.frombuffer(data, '<f4', n * 3, 4).reshape(n, 3).astype('f8')
t = np.frombuffer(data, '<u4', offset=4 + v.size * 4).reshape(-1, 3)
assert t.max() == n - 1 and len(np.unique(t)) == n and len(np.unique(v, axis=0)) == n
a, b, c = v[t[:, 0]], v[t[:, 1]], v[t[:, 2]]
print(json.dumps([n, len(t), v.min(0).tolist(), v.max(0).tolist(), float((a * np.cross(b, c)).sum() / 6)]))`

test('C18, C19: the objects of a chunk beside a volume', async () => {
  mkdirSync(file('seg'))
  await run(
    'chunkflow create-chunk --size 128 128 128 --dtype uint32 --pattern sin create-info --voxel-size 8 8 8 --block-size 64 64 64 --output-layer-path file:///tmp/seg/',
  )
  await run(
    'chunkflow create-chunk --size 128 128 128 --dtype uint32 --pattern sin save-precomputed --volume-path file:///tmp/seg mesh --voxel-size 8 8 8 --output-format precomputed --output-path file:///tmp/seg',
  )
  const names = filesIn(file('seg'))
  assert.is(names.filter((name) => name.startsWith('8_8_8/')).length, 8)
  assert.equal(
    names.filter((name) => name.startsWith('mesh')),
    [1, 2, 3, 4].map((id) => `mesh/${id}:0:0-128_0-128_0-128.gz`),
  )
  const printed = askPython(['numpy'], READ_FRAGMENT, { args: [file('seg/mesh/2:0:0-128_0-128_0-128.gz')] })
  if (printed === null) return
  const [vertices, triangles, low, high] = JSON.parse(printed)
  assert.ok(vertices > 20 && triangles > 20)
  // within the centres of the first and the last voxel
  assert.ok([...low, ...high].every((value: number) => value >= 0 && value <= 127 * 8))
})

test('T16, T18, T19: chunks of a queue that overlap by a voxel, by two workers, then the manifests and whole objects', async () => {
  // one object through all chunks, one of 16 × 20 × 20 voxels over their borders, dust of 99 voxels
  await makeLabels()
  await run(
    '--mip 3 load-h5 -f labels.h5 create-info -v gs://my-project/dataset/path --volume-size 40 512 640 --voxel-offset 8 -64 128 --voxel-size 45 5 5 --block-size 10 16 16 --factor 1 2 2 --max-mip 3 save-precomputed -v gs://my-project/dataset/path',
  )
  // a volume of others, without a folder for meshes
  const info = JSON.parse(cloud.googleObject('my-project', 'dataset/path/info'))
  delete info.mesh
  cloud.putGoogleObject('my-project', 'dataset/path/info', JSON.stringify(info))
  await run('generate-tasks -l gs://my-project/dataset/path -m 3 -o 1 1 1 -c 26 40 50 -q my-queue')
  assert.is((await cloud.messages('my-queue'))?.ready.length, 8)
  const line =
    'chunkflow --mip 3 fetch-task -q my-queue -v 600 load-precomputed -v gs://my-project/dataset/path --fill-missing mesh --voxel-size 45 5 5 -o gs://my-project/dataset/path --dust-threshold 100 delete-task-in-queue'
  const results = await Promise.all([run(line), run(line)])
  assert.match(results.map(({ stderr }) => stderr).join(), '--voxel-size is 45 5 5 nm; mip 3')
  assert.equal(await cloud.messages('my-queue'), { ready: [], held: [] })
  assert.equal(JSON.parse(cloud.googleObject('my-project', 'dataset/path/info')), {
    ...info,
    mesh: 'mesh_err_40',
  })
  const meshes = () =>
    cloud
      .googleKeys('my-project')
      .flatMap((key) => (key.startsWith('dataset/path/mesh') ? [key.replace('dataset/path/', '')] : []))
  const names = meshes()
  assert.is(names.filter((name) => name.startsWith('mesh_err_40/7654321:0:')).length, 8)
  // x y z: 50 of 80 voxels, 40 of 64, 26 of 40; the first chunk begins its overlap before the volume
  assert.ok(names.includes('mesh_err_40/7654321:0:15-65_-9-31_7-33'), names.join('\n'))
  assert.ok(names.includes('mesh_err_40/7654321:0:64-114_30-70_32-58'), names.join('\n'))
  assert.not.ok(
    names.some((name) => name.includes('/79:')),
    names.join('\n'),
  )

  await run('chunkflow mesh-manifest --volume-path gs://my-project/dataset/path --prefix 7')
  const manifests = (): string[] => meshes().filter((name) => /:0$/.test(name))
  assert.equal(manifests(), ['mesh_err_40/7654321:0'])
  assert.equal(JSON.parse(cloud.googleObject('my-project', 'dataset/path/mesh_err_40/info')), {
    '@type': 'neuroglancer_legacy_mesh',
  })
  const { fragments } = JSON.parse(cloud.googleObject('my-project', 'dataset/path/mesh_err_40/7654321:0'))
  assert.is(fragments.length, 8)
  assert.equal(fragments, [...fragments].sort())
  await run('chunkflow mesh-manifest -v gs://my-project/dataset/path')
  assert.equal(manifests(), ['mesh_err_40/7654321:0', 'mesh_err_40/9007199254740993:0'])

  await run(
    'download-mesh -v gs://my-project/dataset/path -i 7654321,9007199254740993 --out-format obj --out-pre out/',
  )
  // closed, as the objects do not reach the end of the volume
  for (const [id, low, high, voxels] of [
    [7654321, [18, -5, 10], [92, 53, 46], INSIDE],
    [9007199254740993n, [56, 19, 24], [75, 38, 39], 20 * 20 * 16],
  ] as const) {
    const { vertices, faces } = readObj(`out/${id}.obj`)
    const edges = new Set(faces.flatMap(([a, b, c]) => [`${a} ${b}`, `${b} ${c}`, `${c} ${a}`]))
    for (const edge of edges) assert.ok(edges.has(edge.split(' ').reverse().join(' ')), `${id}: ${edge}`)
    for (const axis of [0, 1, 2]) {
      const scale = [40, 40, 45][axis]!
      const values = vertices.map((vertex) => vertex[axis]!)
      // a box keeps its flat sides within the error that is allowed
      assert.ok(Math.abs(Math.min(...values) - (low[axis]! - 0.5) * scale) <= 41, `${id} axis ${axis}`)
      assert.ok(Math.abs(Math.max(...values) - (high[axis]! + 0.5) * scale) <= 41, `${id} axis ${axis}`)
    }
    const volume = volumeOf(vertices, faces) / (40 * 40 * 45)
    assert.ok(Math.abs(volume / voxels - 1) < 0.15, `${id}: ${volume} of ${voxels} voxels`)
  }
})

test('examples: some ids of a cutout, and files of one chunk', async () => {
  const path = 'gs://my-project/dataset/path'
  await run(`generate-tasks -l ${path} -m 3 -o 1 1 1 -c 64 64 80 -q some-ids`)
  await run(
    `chunkflow --mip 3 fetch-task -q some-ids -v 1200 cutout -v ${path} --fill-missing mesh -o file:///tmp/some -t ply --dust-threshold 100 --ids 9007199254740993,79 delete-task-in-queue`,
  )
  assert.equal(filesIn(file('some')), ['9007199254740993.ply'])
  const { code, stderr } = await chunkflow(`load-h5 -f labels.h5 mesh -o ${path} --shard`, { cwd })
  assert.is(code, 2)
  assert.match(stderr, 'leave --shard out')
  const bad = await chunkflow('create-chunk mesh --ids 1,x', { cwd })
  assert.is(bad.code, 2)
  assert.match(bad.stderr, '"x" is not an object id')
})

test('a dry run writes nothing', async () => {
  const before = cloud.googleKeys('my-project')
  const { stderr } = await run(
    '--dry-run --mip 3 load-precomputed -v gs://my-project/dataset/path mesh -o gs://my-project/other',
  )
  assert.match(stderr, 'would write')
  const dry = await run('--dry-run mesh-manifest -v gs://my-project/dataset/path')
  assert.match(dry.stderr, 'would write 2 manifests')
  assert.equal(cloud.googleKeys('my-project'), before)
})

test('the part of an object in one chunk, gzip as numpy reads it', async () => {
  await run('load-h5 -f labels.h5 save-precomputed -v own --block-size 10 16 16 mesh -o own --manifest')
  const name = filesIn(file('own')).find((each) => /mesh\/7654321:0:.*gz$/.test(each))!
  assert.is(gunzipSync(readFileSync(file(`own/${name}`))).readUInt32LE(0) > 8, true)
  const printed = askPython(['numpy'], READ_FRAGMENT, { args: [file(`own/${name}`)] })
  if (printed === null) return
  const [, , , , volume] = JSON.parse(printed)
  const voxels = INSIDE * 45 * 40 * 40
  assert.ok(Math.abs(volume / voxels - 1) < 0.1, `${volume} of ${voxels}`)
})

/** Voxels of the object through all chunks: without the one in it. */
const INSIDE = 75 * 59 * 37 - 20 * 20 * 16

/** 40 × 64 × 80 labels at 8 -8 16 (z y x) of 45 × 40 × 40 nm, uint64. */
async function makeLabels(): Promise<void> {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const shape = [40, 64, 80] as const
  const data = new BigUint64Array(40 * 64 * 80)
  const fill = (id: bigint, [z0, z1]: number[], [y0, y1]: number[], [x0, x1]: number[]): void => {
    for (let z = z0!; z <= z1!; z++)
      for (let y = y0!; y <= y1!; y++) for (let x = x0!; x <= x1!; x++) data[(z * 64 + y) * 80 + x] = id
  }
  fill(7654321n, [2, 38], [3, 61], [2, 76])
  fill(2n ** 53n + 1n, [16, 31], [27, 46], [40, 59])
  fill(79n, [1, 1], [1, 1], [1, 79])
  const made = new h5wasm.File(file('labels.h5'), 'w')
  made.create_dataset({ name: 'main', data, shape: [...shape] })
  made.create_dataset({ name: 'voxel_offset', data: new BigInt64Array([8n, -8n, 16n]), shape: [3] })
  made.create_dataset({ name: 'voxel_size', data: new BigInt64Array([45n, 40n, 40n]), shape: [3] })
  made.create_attribute('layer_type', 'segmentation')
  made.close()
}

type Triple = [number, number, number]
function readObj(name: string): { vertices: Triple[]; faces: Triple[] } {
  const lines = readFileSync(file(name), 'utf8').split('\n')
  const of = (letter: string): Triple[] =>
    lines.flatMap((line) =>
      line.startsWith(`${letter} `) ? [line.split(' ').slice(1).map(Number) as Triple] : [],
    )
  return { vertices: of('v'), faces: of('f') }
}
function volumeOf(vertices: readonly Triple[], faces: readonly Triple[]): number {
  let six = 0
  for (const face of faces) {
    const [a, b, c] = face.map((index) => vertices[index - 1]!) as [Triple, Triple, Triple]
    six +=
      a[0] * (b[1] * c[2] - b[2] * c[1]) -
      a[1] * (b[0] * c[2] - b[2] * c[0]) +
      a[2] * (b[0] * c[1] - b[1] * c[0])
  }
  return six / 6
}

test.run()
