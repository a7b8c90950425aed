/** Whole command lines on Zarr arrays, with Zarr in Python where it is installed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { askPython } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chunkflow, readHdf5, succeeds, workFolder } from '../pipelines/chunkflow.js'

const test = suite('zarr')
const folder = workFolder()
const { cwd, file } = folder
const run = (line: string, env: NodeJS.ProcessEnv = {}) => succeeds(line, { cwd, env })
test.after(() => folder.remove())

const python = (code: string): string | null =>
  askPython(['zarr', 'numpy'], `import zarr, numpy as np\n${code}`, { cwd })

/** All arrays agree: what an HDF5 file of ours holds, and what a Zarr array holds when turned to z y x. */
const sameAsHdf5 = async (store: string, h5: string): Promise<void> => {
  await run(`load-zarr -f ${store} save-h5 -f of-zarr.h5`)
  const [one, other] = [await readHdf5(file('of-zarr.h5')), await readHdf5(file(h5))]
  const [found, expected] = [one.dataset('main'), other.dataset('main')]
  assert.equal(found.shape, expected.shape)
  assert.equal(Array.from(found.values, Number), Array.from(expected.values, Number))
  one.close()
  other.close()
}

test('a grid of tasks fills an array whose chunks they share', async () => {
  await run('create-chunk --dtype uint32 --size 20 30 40 --voxel-size 40 8 4 save-h5 -f image.h5')
  await run(
    'generate-tasks --roi-stop 20 30 40 --chunk-size 7 11 13 --respect-stop load-h5 -f image.h5 save-zarr -s grid.zarr -c 8 8 8',
  )
  await sameAsHdf5('grid.zarr', 'image.h5')
  assert.equal(JSON.parse(readFileSync(file('grid.zarr/.zarray'), 'utf8')).shape, [40, 30, 20])
  const printed = python(
    "a = zarr.open('grid.zarr', mode='r'); print(a.shape, a.dtype, a.attrs['resolution'])",
  )
  assert.is(printed ?? '(40, 30, 20) uint32 [4, 8, 40]', '(40, 30, 20) uint32 [4, 8, 40]')
})

test('two processes write neighbours that share chunks', async () => {
  await run('create-chunk --dtype uint16 --size 20 30 40 save-h5 -f halves.h5')
  const half = (start: number, size: number, index: number) =>
    run(
      `load-h5 -f halves.h5 --cutout-start 0 0 ${start} --cutout-size 20 30 ${size} save-zarr -s halves.zarr --shape 20 30 40 -c 16 16 16 -o zyx`,
      { DISBATCH_REPEAT_INDEX: String(index) },
    )
  await Promise.all([half(0, 21, 0), half(21, 19, 1)])
  await sameAsHdf5('halves.zarr', 'halves.h5')
  assert.not(readdirSync(cwd).includes('halves.zarr.sync'))
})

test('tasks from the extent of an array', async () => {
  const { stdout } = await run(
    'generate-tasks -v grid.zarr --chunk-size 10 15 20 load-zarr -f grid.zarr debug',
  )
  assert.match(stdout, 'total number of tasks: 8')
})

test('an N5 container and an OME-Zarr image of Python', async () => {
  const made = python(`
g = zarr.open_group(zarr.N5Store('fib.n5'), mode='w')
a = g.create_dataset('volumes/raw', shape=(5, 9, 14), chunks=(4, 4, 4), dtype='u1')
a[:] = np.arange(630).reshape(5, 9, 14) % 251
a.attrs['resolution'] = [4, 8, 40]
o = zarr.open_group('image.ome.zarr', mode='w')
for level, step in enumerate([1, 2]):
  o.create_dataset(str(level), data=(np.arange(630).reshape(1, 1, 5, 9, 14) % 251).astype('u1')[..., ::step, ::step], dimension_separator='/')
axes = [{'name': 't', 'type': 'time'}, {'name': 'c', 'type': 'channel'}] + [{'name': n, 'type': 'space', 'unit': 'micrometer'} for n in 'zyx']
o.attrs['multiscales'] = [{'version': '0.4', 'axes': axes, 'datasets': [
  {'path': str(l), 'coordinateTransformations': [{'type': 'scale', 'scale': [1, 1, 0.04, 0.008 * s, 0.004 * s]}, {'type': 'translation', 'translation': [0, 0, 0.4, 0.16, 0.08]}]} for l, s in enumerate([1, 2])]}]
print('made')`)
  if (made === null) return
  await run('load-zarr -f n5://fib.n5 -p volumes/raw save-h5 -f n5.h5')
  const n5 = await readHdf5(file('n5.h5'))
  assert.equal(n5.dataset('main').shape, [5, 9, 14])
  assert.equal(Array.from(n5.dataset('voxel_size').values, Number), [40, 8, 4])
  assert.is(n5.dataset('main').values[629], 629 % 251)
  n5.close()
  await run('--mip 1 load-zarr -f image.ome.zarr save-h5 -f ome.h5')
  const ome = await readHdf5(file('ome.h5'))
  assert.equal(ome.dataset('main').shape, [1, 5, 5, 7])
  assert.equal(Array.from(ome.dataset('voxel_size').values, Number), [40, 16, 8])
  assert.equal(Array.from(ome.dataset('voxel_offset').values, Number), [10, 10, 10])
  assert.is(ome.dataset('main').values[8], (2 * 14 + 2) % 251)
  ome.close()
})

test('an OME-Zarr image as a volume: levels, tasks from one of them, a copy to precomputed blocks', async () => {
  await run(
    'create-chunk --dtype uint8 --size 16 32 48 --voxel-size 40 8 8 save-h5 -f fine.h5 save-zarr -s pyramid.zarr --ome -c 8 16 16',
  )
  await run('load-h5 -f fine.h5 downsample -f 1 2 2 save-zarr -s pyramid.zarr --ome --mip 1 -c 8 16 16')
  const { stdout } = await run('generate-tasks -v pyramid.zarr --mip 1 --chunk-size 8 16 16 debug')
  assert.match(stdout, 'total number of tasks: 4')
  await run(
    '--mip 0 transfer --source-volume zarr://pyramid.zarr --target-volume file://copied --block-size 8 16 16',
  )
  await run('load-precomputed -v file://copied save-h5 -f copied.h5')
  const [copy, fine] = [await readHdf5(file('copied.h5')), await readHdf5(file('fine.h5'))]
  assert.equal(Array.from(copy.dataset('main').values), Array.from(fine.dataset('main').values))
  copy.close()
  fine.close()
})

test('mistakes are told in one message, before anything is written', async () => {
  const refused = async (line: string): Promise<string> => {
    const { code, stderr } = await chunkflow(line, { cwd })
    assert.is.not(code, 0, line)
    return stderr
  }
  assert.match(
    await refused('create-chunk --size 4 4 4 --voxel-offset 0 0 -1 save-zarr -s negative.zarr'),
    '--voxel-offset 0 0 -1',
  )
  assert.not(existsSync(file('negative.zarr')))
  assert.match(await refused('load-zarr -f nowhere.zarr'), 'There is no Zarr or N5 array')
  assert.match(await refused('load-zarr -f data.zarr.zip'), 'is an archive')
  assert.match(await refused('load-zarr -f grid.zarr -s 0 0 0 -z 21 1 1'), '--fill-outside')
  assert.match(await refused('create-chunk save-zarr -s new.zarr --compressor snappy'), /snappy/)
})

test('a dry run', async () => {
  const { stderr, stdout } = await run('--dry-run create-chunk --size 4 4 4 save-zarr -s dry.zarr')
  assert.match(stdout + stderr, 'would create dry.zarr')
  assert.not(existsSync(file('dry.zarr')))
})

test.run()
