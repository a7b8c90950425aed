/** The tutorial's commands (section 8.1 of the operator specification): ONNX instead of PyTorch, no viewer. */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { countValues, filesIn, ROOT, readHdf5, succeeds, withoutTmp, workFolder } from './chunkflow.js'

const test = suite('tutorial commands')
const folder = workFolder()
const { cwd, file } = folder
const run = (line: string) => succeeds(withoutTmp(line, cwd), { cwd })
const fixture = (name: string): string => path.join(ROOT, 'test/fixtures', name)
test.after(() => folder.remove())

test('T1: the bare command lists the operators', async () => {
  const { stdout } = await run('')
  assert.match(stdout, 'Usage: chunkflow [OPTIONS] COMMAND1 [ARGS]... [COMMAND2 [ARGS]...]...')
  assert.match(stdout, /^ {2}create-chunk +\S/m)
  assert.equal((await run('--help')).stdout, stdout)
})

test('T2: help of one operator', async () => {
  const { stdout } = await run('create-chunk --help')
  for (const text of ['--size', '--pattern', 'default: 64 64 64', 'EXAMPLES']) assert.match(stdout, text)
})

/** A file of the form of CREMI's: anisotropic, with a resolution attribute. */
async function makeCremi(name: string): Promise<Uint8Array> {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const opened = new h5wasm.File(file(name), 'w')
  const raw = Uint8Array.from({ length: 25 * 150 * 130 }, (_, index) => (index % 251) + 1)
  opened.create_group('volumes')
  const dataset = opened.create_dataset({
    name: '/volumes/raw',
    data: raw,
    shape: [25, 150, 130],
    chunks: [5, 50, 65],
    compression: 'gzip',
  })
  dataset.create_attribute('resolution', new Float64Array([40, 4, 4]))
  opened.close()
  return raw
}

test('T6, T7: HDF5 to a volume that does not exist yet, and a cutout beyond its end', async () => {
  const raw = await makeCremi('sample_A_20160501.hdf')
  const save =
    'load-h5 --file-name sample_A_20160501.hdf --dataset-path /volumes/raw save-precomputed --volume-path file:///tmp/your/key/path'
  await run(`--dry-run ${save}`)
  assert.not.ok(existsSync(file('your')))
  await run(save)
  const info = JSON.parse(readFileSync(file('your/key/path/info'), 'utf8'))
  assert.is(info.type, 'image')
  assert.equal(info.scales[0].size, [130, 150, 25])
  assert.equal(info.scales[0].resolution, [4, 4, 40])
  const blocks = filesIn(file('your/key/path/4_4_40'))
  assert.is(blocks.length, 9)
  assert.ok(blocks.includes('0-64_0-64_0-25.gz') && blocks.includes('128-130_128-150_0-25.gz'))
  await run(
    'load-precomputed --volume-path file:///tmp/your/key/path --start 0 0 0 --stop 28 120 100 save-h5 --file-name /tmp/cutout_chunk.h5',
  )
  const cutout = await readHdf5(file('cutout_chunk.h5'))
  const { shape, values } = cutout.dataset('main')
  assert.equal(shape, [28, 120, 100])
  assert.is(cutout.attributes.layer_type, 'image')
  assert.equal(Array.from(cutout.dataset('voxel_size').values, Number), [40, 4, 4])
  for (let z = 0; z < 28; z++)
    for (let y = 0; y < 120; y += 7)
      for (let x = 0; x < 100; x++)
        assert.is(values[(z * 120 + y) * 100 + x], z < 25 ? raw[(z * 150 + y) * 130 + x] : 0)
  cutout.close()
})

test('T8: evaluation of two TIFF volumes', async () => {
  await run(
    'create-chunk --dtype uint16 --size 20 30 40 save-tif -f groundtruth.tif threshold -t 0.5 connected-components save-tif -f /tmp/segmentation.tif',
  )
  const { stdout } = await run(
    'load-tif --file-name groundtruth.tif -o gt load-tif --file-name /tmp/segmentation.tif -o seg evaluate-segmentation -g gt -s seg',
  )
  for (const name of ['Rand split: ', 'Rand merge: ', 'VOI split: ', 'VOI merge: ', 'Adapted Rand error'])
    assert.match(stdout, name)
})

async function labels(): Promise<{ shape: readonly number[]; values: ArrayLike<number | bigint> }> {
  await run('load-tif -f seg.tif -o seg save-h5 -i seg -f seg.h5')
  const opened = await readHdf5(file('seg.h5'))
  const { shape, values } = opened.dataset('main')
  opened.close()
  return { shape, values }
}

test('T10 to T13: image to affinities to segmentation, in steps and in one run', async () => {
  mkdirSync(file('path/of'), { recursive: true })
  copyFileSync(fixture('fib25/image-large.tif'), file('path/of/image.tif'))
  copyFileSync(fixture('fib25/image-large.tif'), file('image.tif'))
  copyFileSync(fixture('model/model.onnx'), file('path/of/model.onnx'))
  const inference =
    'load-tif --file-name path/of/image.tif -o image inference --convnet-model path/of/model.onnx --patch-size 20 256 256 --patch-overlap 4 64 64 --num-output-channels 3 -f onnx --batch-size 12 --mask-output-chunk -i image -o affs save-h5 -i affs --file-name affs.h5'
  const agglomerate =
    'agglomerate --threshold 0.7 --aff-threshold-low 0.001 --aff-threshold-high 0.9999 -i affs -o seg save-tif -i seg -f seg.tif'
  await run(inference)
  const affinities = await readHdf5(file('affs.h5'))
  assert.equal(affinities.dataset('main').shape, [3, 40, 320, 320])
  affinities.close()
  await run(`load-h5 --file-name affs.h5 -o affs ${agglomerate} load-tif --file-name image.tif -o image`)
  const stepwise = await labels()
  await run(`${inference} ${agglomerate}`)
  const { shape, values } = await labels()
  assert.equal(values, stepwise.values, 'one run gives the same labels as two')
  assert.equal(shape, [40, 320, 320])
  assert.ok(values instanceof BigUint64Array)
  const objects = countValues(values).size
  assert.ok(objects > 50 && objects < 20000, `${objects} objects`)
  // T9's output stands in: one channel of the affinities, thresholded into components (T10)
  await run('load-h5 --file-name affs.h5 --channels 0 -o cleft save-tif -i cleft -f cleft.tif')
  await run(
    'load-tif -f path/of/image.tif -o image load-tif -f cleft.tif -o cleft connected-components -i cleft -o seg -t 0.1 save-h5 -i seg -f components.h5',
  )
  const components = await readHdf5(file('components.h5'))
  assert.ok(countValues(components.dataset('main').values).size > 1)
  components.close()
})

test.run()
