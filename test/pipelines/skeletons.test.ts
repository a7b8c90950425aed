/** Skeletons through whole command lines. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { zyx } from '../../kernel/src/authoring/index.js'
import { readRecords } from '../../plugins/neuroglancer/src/layers/read-records.js'
import { IDENTITY } from '../../plugins/skeleton/src/files/info.js'
import { decodeSkeleton } from '../../plugins/skeleton/src/files/precomputed.js'
import { parseSwc } from '../../plugins/skeleton/src/files/swc.js'
import { shapeOf, treesOf } from '../../plugins/skeleton/src/testing/forest.js'
import { askPython } from '../../sdk/src/testing/index.js'
import { filesIn, succeeds, withoutTmp, workFolder } from './chunkflow.js'

const test = suite('skeletons')
const folder = workFolder()
const { cwd, file } = folder
test.after(() => folder.remove())

const CHAIN =
  'create-chunk --size 36 448 448 --dtype "uint32" connected-components mask-out-objects -d 50 -s "2,3,4"'
const BOX = '0-36_0-448_0-448'

test('the command of the documents stores the skeletons of the selected objects', async () => {
  await succeeds(
    withoutTmp(
      `chunkflow ${CHAIN} save-npy -f /tmp/labels.npy skeletonize --voxel-size 1 1 1 --output-path "file:///tmp/test/skeleton" save-swc -p /tmp/swc-`,
      cwd,
    ),
    { cwd },
  )
  const stored = filesIn(file('test/skeleton'))
  assert.equal(stored, [...[2, 3, 4].map((id) => `${id}:${BOX}.gz`), 'info'])
  for (const name of stored.slice(0, -1)) {
    const id = name.split(':')[0]!
    const skeleton = decodeSkeleton(
      gunzipSync(readFileSync(file(`test/skeleton/${name}`))),
      undefined,
      IDENTITY,
      name,
    )
    assert.equal(shapeOf(parseSwc(readFileSync(file(`swc-${id}.swc`), 'utf8'), id)), shapeOf(skeleton))
    const [layer] = readRecords(
      { name: 'skels', options: {} },
      new Map([[BigInt(id), skeleton]]),
      zyx(1, 1, 1),
    )!
    assert.is(layer!.kind, 'skeletons')
    const seen = askPython(
      ['numpy', 'scipy'],
      `
import numpy as np
from scipy import ndimage
labels = np.load('labels.npy') == ${id}
rows = np.array([[float(word) for word in line.split()] for line in open('swc-${id}.swc') if line[0] != '#'])
places = rows[:, [4, 3, 2]].astype(int)
depth = ndimage.distance_transform_edt(labels)
print(labels[tuple(places.T)].all(), np.allclose(depth[tuple(places.T)], rows[:, 5]), ndimage.label(labels, np.ones((3, 3, 3)))[1])`,
      { cwd },
    )
    if (seen !== null) assert.is(seen, `True True ${treesOf(skeleton)}`)
  }
})

test('chunks that share a section give one skeleton of each object when they are joined', async () => {
  const whole = 'create-chunk --size 33 100 100 --dtype uint32 connected-components save-h5 -f whole.h5'
  await succeeds(whole, { cwd })
  await succeeds(
    'generate-tasks -c 17 100 100 -o 1 0 0 --roi-start 0 0 0 --roi-stop 33 100 100 load-h5 -f whole.h5 skeletonize -v 400 400 400 -p file://parts --constant 2000',
    { cwd },
  )
  await succeeds('aggregate-skeleton-fragments -f file://parts -o file://joined --prefix ""', { cwd })
  const parts = filesIn(file('parts')).filter((name) => name !== 'info')
  const joined = filesIn(file('joined')).filter((name) => name !== 'info')
  assert.ok(parts.length > joined.length)
  assert.equal(joined, [...new Set(parts.map((name) => `${name.split(':')[0]}.gz`))].sort())
  await succeeds('load-skeleton -p file://joined save-swc -p joined-', { cwd })
  for (const name of joined) {
    const skeleton = parseSwc(readFileSync(file(`joined-${name.replace('.gz', '.swc')}`), 'utf8'), name)
    assert.is(treesOf(skeleton), 1, name)
  }
})

test('a dry run stores nothing', async () => {
  const { stderr } = await succeeds(
    '--dry-run create-chunk --dtype uint32 skeletonize -p file://never save-swc -p never-',
    { cwd },
  )
  assert.match(stderr, /would write \d+ skeletons <id>:0-64_0-64_0-64 to file:\/\/never/)
  assert.equal(
    filesIn(cwd).filter((name) => name.startsWith('never')),
    [],
  )
})

test.run()
