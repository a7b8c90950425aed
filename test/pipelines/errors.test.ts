/** What people get wrong: one clear message each, the right exit code, nothing half-written. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chunkflow, filesIn, ROOT, succeeds, workFolder } from './chunkflow.js'

const test = suite('errors')
const folder = workFolder()
const { cwd, file } = folder
test.after(() => folder.remove())

/** Runs a line that must fail; the message holds all texts and no stack, and no file appears or changes. */
async function fails(line: string, code: number, ...texts: string[]): Promise<void> {
  const before = filesIn(cwd)
  const result = await chunkflow(line, { cwd })
  assert.is(result.code, code, `exit ${result.code}: ${result.stderr}`)
  for (const text of texts) assert.ok(result.stderr.includes(text), `"${text}" is not in: ${result.stderr}`)
  assert.is((result.stderr.match(/^error: /gm) ?? []).length, 1, result.stderr)
  assert.match(result.stderr, /^ {2}fix {2}\S/m)
  assert.not.match(result.stderr, /^\s+at .*:\d+:\d+/m)
  assert.equal(filesIn(cwd), before)
}

test('refused before running: exit 2', async () => {
  await fails('create-chnk', 2, "No such command 'create-chnk'.", 'create-chunk')
  await fails('create-chunk --sise 1 2 3', 2, 'No such option: --sise', '--size')
  await fails('create-chunk --size 1 2', 2, '--size needs 3 values')
  await fails('create-chunk --size 1 2 x', 2, '--size needs a whole number')
  await fails('create-chunk --dtype uint9', 2, 'one of uint8')
  await fails('load-h5', 2, 'Missing option --file-name')
  await fails(
    'create-chunk -o image save-h5 -i imgae -f a.h5',
    2,
    'save-h5 reads "imgae"',
    'image (by create-chunk (step 1))',
  )
  await fails('create-chunk agglomerate', 2, 'agglomerate takes affinity maps')
  await fails('create-chunk create-bbox -s 0 0 0 -z 1 1 1', 2, 'create-bbox makes its own tasks')
  await fails('create-chunk mark-complete -p done', 2, 'bounding box')
  await fails('create-chunk \u2013\u2013size 1 2 3', 2, 'typographic dash', '--size')
  await fails('run nowhere.json', 2, 'There is no file nowhere.json')
})

test('sizes of voxels that are not above 0: exit 2', async () => {
  const steps: readonly (readonly [string, string])[] = [
    ['create-info -v info', '--voxel-size'],
    ['load-h5 -f a.h5', '--voxel-size'],
    ['save-h5 -f a.h5', '--voxel-size'],
    ['load-mrc -f a.mrc', '--voxel-size'],
    ['load-npy -f a.npy', '--voxel-size'],
    ['load-npy -f a.npy', '--resolution'],
    ['load-nrrd -f a.nrrd', '--voxel-size'],
    ['load-png -p a', '--voxel-size'],
    ['load-tif -f a.tif', '--voxel-size'],
    ['load-zarr -f a.zarr', '--voxel-size'],
    ['save-zarr -s a.zarr', '--resolution'],
    ['mesh -t ply -o meshes', '--voxel-size'],
    ['skeletonize', '--voxel-size'],
    ['load-skeleton -p a -t 1 2 3', '--voxel-size'],
    ['load-synapses -f a.json', '--resolution'],
    ['neuroglancer', '--voxel-size'],
    ['view', '--voxel-size'],
  ]
  for (const [index, [step, flag]] of steps.entries()) {
    const size = index % 2 === 0 ? '0 4 4' : '40 4 -4'
    await fails(`create-chunk --dtype uint32 ${step} ${flag} ${size}`, 2, `${flag} needs a number above 0`)
  }
  await fails(
    'setup-env -l out --output-patch-size 4 4 4 --input-patch-size 4 4 4 --volume-stop 8 8 8 --voxel-size 40 0 4',
    2,
    '--voxel-size needs a number above 0',
  )
})

test('places that Zarr operators cannot use: exit 2', async () => {
  for (const step of ['load-zarr -f', 'create-chunk save-zarr -s']) {
    await fails(`${step} x.zip`, 2, 'x.zip is an archive', 'unpack it')
    await fails(`${step} a.zarr -p ../esc`, 2, '--path ../esc leads out of the store')
    await fails(`${step} a.zarr -p a/../../esc`, 2, '--path a/../../esc leads out of the store')
  }
})

test('a declared segmentation is no image for a network', async () => {
  await succeeds('create-chunk --dtype uint16 --size 20 32 32 save-tif -f labels.tif', { cwd })
  const line =
    'inference --framework identity --input-patch-size 20 32 32 --output-patch-overlap 4 8 8 --mask-output-chunk'
  await fails(`load-tif -f labels.tif --layer-type segmentation ${line}`, 2, 'segmentation')
  await succeeds(`load-tif -f labels.tif ${line}`, { cwd })
})

test('failed while running: exit 1', async () => {
  await succeeds('create-chunk save-h5 -f good.h5', { cwd })
  writeFileSync(file('short.h5'), execFileSync('head', ['-c', '9000', file('good.h5')]))
  await fails('load-h5 -f short.h5', 1, 'short.h5 cannot be read')
  await fails('load-h5 -f nowhere.h5', 1, 'There is no file nowhere.h5')
  writeFileSync(file('text.tif'), 'this is text')
  await fails('load-tif -f text.tif', 1, 'text.tif cannot be read')
  await succeeds('create-chunk save-tif -f cut.tif -c ""', { cwd })
  truncateSync(file('cut.tif'), 20000)
  await fails('load-tif -f cut.tif', 1, 'cut.tif cannot be read')
  await fails('load-precomputed -v file://nowhere', 1, 'nowhere')
})

test('inference says which sizes fit', async () => {
  const line = '--framework identity --input-patch-size 20 256 256'
  await fails(`create-chunk --size 10 64 64 inference ${line} --mask-output-chunk`, 2, '20')
  await fails(`create-chunk --size 37 448 448 inference ${line}`, 2, '--mask-output-chunk')
})

test('a full disk leaves nothing', async () => {
  const before = filesIn(cwd)
  const bin = path.join(ROOT, 'cli/bin/chunkflow.mjs')
  for (const target of ['save-tif -c "" -f big.tif', 'save-h5 -f big.h5', 'save-precomputed -v file://big']) {
    const limited = spawnSync(
      'bash',
      [
        '-c',
        `ulimit -f 64; exec "${process.execPath}" "${bin}" create-chunk --pattern random --size 64 64 64 ${target}`,
      ],
      { cwd, encoding: 'utf8' },
    )
    assert.is(limited.status, 1, `${target}: ${limited.stderr}`)
    assert.match(limited.stderr, /^ {2}fix /m)
    const blocks = filesIn(cwd).filter(
      (name) => !before.includes(name) && !/^big\/(info|provenance)$/.test(name),
    )
    assert.equal(blocks, [], target)
  }
})

/** Root may write anywhere: as root, the command runs as the user nobody. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

test('a folder that may not be written', () => {
  const bin = path.join(ROOT, 'cli/bin/chunkflow.mjs')
  mkdirSync(file('locked'))
  chmodSync(file('locked'), 0o555)
  chmodSync(cwd, 0o755)
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [bin, ...words], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, HOME: cwd, XDG_CONFIG_HOME: cwd, XDG_DATA_HOME: cwd },
      ...NOBODY,
    })
  if (run('--version').status !== 0) {
    console.log('skipped: needs a checkout that every user may read')
    return
  }
  for (const target of [
    ['save-tif', '-f', 'locked/a.tif'],
    ['save-h5', '-f', 'locked/a.h5'],
    ['save-npy', '-f', 'locked/a.npy'],
    ['save-pngs', '-o', 'locked/sections'],
    ['snapshot', '-f', 'locked/a.png'],
    ['save-precomputed', '-v', 'file://locked/volume'],
  ]) {
    const { status, stderr } = run('create-chunk', ...target)
    assert.is(status, 1, `${target.join(' ')}: ${stderr}`)
    assert.match(stderr, /permission denied/i)
    assert.match(stderr, /^ {2}fix {2}\S/m)
    assert.equal(filesIn(file('locked')), [], target.join(' '))
  }
})

test.run()
