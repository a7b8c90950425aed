/** How viewers wait, end and defend themselves, on the command line; no browser needed. */
import { execFileSync, spawn } from 'node:child_process'
import { request } from 'node:http'
import { createServer } from 'node:net'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chunkflow, ROOT, readHdf5, succeeds, workFolder } from '../pipelines/chunkflow.js'
import { startViewing } from './browser.js'

const test = suite('viewer session')
const folder = workFolder()
const { cwd, file } = folder
test.after(() => folder.remove())

const gone = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  )

test('Ctrl-C ends the viewer and the chain goes on; nothing is left', async () => {
  const session = await startViewing('create-chunk neuroglancer save-h5 -f after.h5', { cwd })
  assert.is((await fetch(session.url)).status, 200)
  assert.is(await session.interrupt(), 0, session.output().stderr)
  assert.match(session.output().stderr, 'the chain goes on')
  assert.ok(await gone(session.url))
  const opened = await readHdf5(file('after.h5'))
  assert.equal(opened.dataset('main').shape, [64, 64, 64])
  opened.close()
})

test('q and Enter, and the end of a pipe, end the wait', async () => {
  const session = await startViewing('create-chunk view', { cwd, stdin: 'pipe' })
  session.child.stdin!.write('q\n')
  assert.is(await session.exit, 0)
  const closed = await startViewing('create-chunk view', { cwd, stdin: 'pipe' })
  closed.child.stdin!.end()
  assert.is(await closed.exit, 0)
})

test('two viewers in one chain take one after the other', async () => {
  const session = await startViewing('create-chunk view neuroglancer save-h5 -f both.h5', {
    cwd,
    stdin: 'pipe',
  })
  session.child.stdin!.write('q\n')
  while (session.output().stdout.split('Open this url').length < 3)
    await new Promise((next) => setTimeout(next, 20))
  session.child.stdin!.write('q\n')
  assert.is(await session.exit, 0, session.output().stderr)
})

test('SIGTERM stops the run', async () => {
  const session = await startViewing('create-chunk view save-h5 -f never.h5', { cwd })
  session.child.kill('SIGTERM')
  assert.is(await session.exit, 1)
  assert.match(session.output().stderr, 'The run was stopped')
})

test('--no-wait goes on at once; a dry run shows nothing', async () => {
  const { stdout } = await succeeds('create-chunk neuroglancer --no-wait view --no-wait', { cwd })
  assert.is(stdout.split('Open this url in browser: ').length, 3)
  const dry = await succeeds('--dry-run create-chunk neuroglancer view', { cwd })
  assert.is(dry.stdout, '')
  assert.match(dry.stderr, 'neuroglancer left out')
})

test('a busy port, a misspelt name and an unmatched bracket are refused', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as { port: number }
  const busy = await chunkflow(`create-chunk neuroglancer -p ${port}`, { cwd })
  other.close()
  assert.is(busy.code, 1)
  assert.match(busy.stderr, `Port ${port} is in use`)
  for (const [line, message] of [
    ['create-chunk -o image neuroglancer -c imgae', 'did you mean image'],
    ['create-chunk neuroglancer -c chunk[color=red', 'chunk[color=red'],
    ['neuroglancer', 'There is nothing to show'],
    ['create-chunk neuroglancer -c chunk[colour=red]', 'no option "colour"'],
    ['open nothing.tif --with viwe', 'did you mean view'],
  ] as const) {
    const { code, stderr } = await chunkflow(line, { cwd })
    assert.ok(code !== 0 && stderr.includes(message), `${line}: ${code} ${stderr}`)
  }
})

test('answers only this machine, its token and its own page', async () => {
  const session = await startViewing('create-chunk neuroglancer --token mine', { cwd })
  const { port } = new URL(session.url)
  const status = (target: string, headers: Record<string, string> = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port, path: target, headers }, (response) => {
        response.resume()
        resolve(response.statusCode!)
      })
      call.on('error', reject)
      call.end()
    })
  assert.is(await status('/mine/layers/0/info'), 200)
  assert.is(await status('/mine/layers/0/s0/0-64_0-64_0-64'), 200)
  assert.is(await status('/layers/0/info'), 404)
  assert.is(await status('/mine/layers/0/info', { host: 'evil.example' }), 403)
  for (const target of [
    '/mine/../../etc/passwd',
    '/mine/%2e%2e/%2e%2e/etc/passwd',
    '/mine/layers/0/..%2finfo',
  ])
    assert.is(await status(target), 400, target)
  for (const target of [
    '/mine/layers/0/s0/0-999999999_0-64_0-64',
    '/mine/layers/0/s0/1-65_0-64_0-64',
    '/mine/stamp',
  ])
    assert.is(await status(target), 404, target)
  // loopback only: another address of this machine does not answer
  const own = execFileSync('hostname', ['-I'], { encoding: 'utf8' }).trim().split(/\s+/)[0]
  if (own !== undefined && own !== '' && !own.includes(':'))
    assert.ok(await gone(`http://${own}:${port}/mine/`))
  assert.is(await session.interrupt(), 0)
})

test('volumes by path, beside chunks and alone; --share writes the state', async () => {
  await succeeds(
    'create-chunk --dtype uint32 --size 20 30 40 --voxel-size 40 4 4 save-precomputed -v file://seg --block-size 8 16 16',
    { cwd },
  )
  for (const line of [
    'create-chunk -o image neuroglancer -i image --volume seg=file://seg --share state.json',
    'neuroglancer --volume seg=seg',
  ]) {
    const session = await startViewing(line, { cwd })
    const layer = line.includes('image') ? 1 : 0
    const info = (await (await fetch(`${session.url}layers/${layer}/info`)).json()) as {
      type: string
      scales: { resolution: number[]; chunk_sizes: number[][] }[]
    }
    assert.is(info.type, 'segmentation')
    assert.equal([info.scales[0]!.resolution, info.scales[0]!.chunk_sizes], [[4, 4, 40], [[16, 16, 8]]])
    assert.is((await fetch(`${session.url}layers/${layer}/s0/16-32_16-30_16-20`)).status, 200)
    assert.is(await session.interrupt(), 0)
  }
  const state = JSON.parse(execFileSync('cat', [file('state.json')], { encoding: 'utf8' }))
  assert.equal(
    state.layers.map(({ name }: { name: string }) => name),
    ['image', 'seg'],
  )
})

test('what is served is a volume that others can read: ids and voxels through load-precomputed', async () => {
  const session = await startViewing(
    'create-chunk --dtype uint64 --size 20 70 90 --voxel-offset 3 -5 7 neuroglancer',
    { cwd },
  )
  await succeeds(
    `load-precomputed -v ${session.url}layers/0 --start 3 -5 7 --stop 23 65 97 save-h5 -f back.h5 create-chunk --dtype uint64 --size 20 70 90 save-h5 -f same.h5`,
    { cwd },
  )
  const [back, same] = [await readHdf5(file('back.h5')), await readHdf5(file('same.h5'))]
  assert.equal(back.dataset('main').values, same.dataset('main').values)
  back.close()
  same.close()
  assert.is(await session.interrupt(), 0)
})

test('without anybody to type, it waits', async () => {
  const child = spawn(process.execPath, [path.join(ROOT, 'cli/bin/chunkflow.mjs'), 'create-chunk', 'view'], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  await new Promise<void>((resolve) =>
    child.stderr.on('data', (part: Buffer) => {
      stderr += part.toString()
      if (stderr.includes('waiting')) resolve()
    }),
  )
  assert.not.match(stderr, 'type q')
  assert.is(child.exitCode, null)
  const code = new Promise((resolve) => child.on('close', resolve))
  child.kill('SIGINT')
  assert.is(await code, 0)
})

test.run()
