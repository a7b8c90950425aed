/** Points and synapses from maps to files, through whole command lines. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { askPython } from '../../sdk/src/testing/index.js'
import { readHdf5, succeeds, workFolder } from './chunkflow.js'

const test = suite('points and synapses')
const folder = workFolder()
const { cwd, file } = folder
test.after(() => folder.remove())

const CHUNK = 'create-chunk --size 40 50 60 --voxel-offset 7 -3 11 --voxel-size 40 8 4 --pattern random'

test('points of a saved image are the maxima that SciPy finds in it', async () => {
  await succeeds(`${CHUNK} save-h5 -f image.h5 detect-points -d 4 -t 0.5 save-points -f points.h5`, { cwd })
  const points = await readHdf5(file('points.h5'))
  const { shape } = points.dataset('points')
  assert.equal(Array.from(points.dataset('voxel_size').values), [40, 8, 4])
  points.close()
  assert.is(shape[1], 3)
  assert.ok(shape[0]! > 20)
  const seen = askPython(
    ['h5py', 'scipy', 'numpy'],
    `
import h5py, numpy as np
from scipy.ndimage import maximum_filter
v = h5py.File('image.h5')['main'][()].astype(float)
p = v - v.mean()
p /= p.max()
points = h5py.File('points.h5')['points'][()] - [7, -3, 11]
maxima = (v == maximum_filter(v, 9)) & (p > 0.5)
inner = np.zeros(v.shape, bool); inner[4:-4, 4:-4, 4:-4] = True
candidates = np.argwhere(maxima & inner)
near = np.abs(candidates[:, None] - points[None]).max(-1)
apart = np.abs(points[:, None] - points[None]).max(-1) + 4 * np.eye(len(points), dtype=int)
print((maxima & inner)[tuple(points.T)].all(), (near.min(1) < 4).all(), apart.min() >= 4)`,
    { cwd },
  )
  if (seen !== null) assert.is(seen, 'True True True')
})

test('presynapses are detected, moved, saved and loaded, one file a task', async () => {
  const source = 'generate-tasks -c 20 50 60 --roi-start 7 -3 11 --roi-stop 47 47 71'
  await succeeds(
    `${source} ${CHUNK} detect-pre-synapses --min-distance 4 adjust-pre --radius 2 save-synapses -f pre-`,
    { cwd },
  )
  const { stderr } = await succeeds(
    `${source} load-synapses -f pre- --remove-outside save-synapses -f all-.json`,
    { cwd },
  )
  for (const box of ['7-27_-3-47_11-71', '27-47_-3-47_11-71'])
    assert.match(stderr, new RegExp(`pre-${box}\\.h5: \\d+ presynapses, 0 postsynapses`))
  const { order, resolution, pre } = JSON.parse(readFileSync(file('all-.json'), 'utf8'))
  assert.equal(
    [order, resolution],
    [
      ['z', 'y', 'x'],
      [40, 8, 4],
    ],
  )
  assert.ok(pre.length > 5)
  assert.ok(
    pre.every(([z, y, x]: number[]) => z! >= 27 && z! < 47 && y! >= -3 && y! < 47 && x! >= 11 && x! < 71),
  )
})

test('a dry run writes nothing', async () => {
  const { stderr } = await succeeds(
    `--dry-run create-bbox -s 7 -3 11 -z 40 50 60 ${CHUNK} detect-points detect-pre-synapses save-points -f no.h5 save-synapses -f no-`,
    { cwd },
  )
  assert.match(stderr, 'would write no.h5')
  assert.match(stderr, 'would write no-7-47_-3-47_11-71.h5')
})

test.run()
