/** Plugin files of one's own on whole command lines: C7, T23 to T25, mistakes, and what remains of Python afterwards. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hasPython, SYSTEM_PYTHON } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chunkflow, ROOT, succeeds, workFolder } from './chunkflow.js'

const test = suite('plugin files')
const here = workFolder()
test.after(() => here.remove())

const env = { CHUNKFLOW_PYTHON: SYSTEM_PYTHON, CHUNKFLOW_PLUGIN_DIR: here.file('mine') }
const where = { cwd: here.cwd, env }
const add = (name: string, text: string): void => {
  mkdirSync(path.dirname(here.file(name)), { recursive: true })
  writeFileSync(here.file(name), text)
}
/** Elements of an NPY file of version 1. */
function npy(name: string): { header: string; data: Buffer } {
  const bytes = readFileSync(here.file(name))
  const start = 10 + bytes.readUInt16LE(8)
  return { header: bytes.toString('latin1', 10, start), data: bytes.subarray(start) }
}
const sumOfBytes = (name: string): number => npy(name).data.reduce((sum, value) => sum + value, 0)

/** Sum of the sine pattern of 64³ bytes. */
const SINE = 42595554

test('C7: the median along z, without Python', async () => {
  const line =
    'chunkflow create-chunk plugin -f median_filter -i chunk -o chunk --args "size=(3,1,1);mode=reflect" save-npy -f median.npy'
  await succeeds(line, { cwd: here.cwd, env: { CHUNKFLOW_PYTHON: '/no/python' } })
  assert.match(npy('median.npy').header, "'|u1'")
  assert.match(npy('median.npy').header, '(64, 64, 64)')
  assert.is(sumOfBytes('median.npy'), 42643306)
})

add(
  'my_plugin.ts',
  'export const execute = (chunk) => ({ ...chunk, data: chunk.data.map((value) => value >> 1) })',
)
add('plugins/swap.mjs', 'export default (first, second) => [second, first]')
add('mine/note.js', `export const execute = (chunk, { args }) => console.log('got ' + args)`)
add(
  'python/my_plugin.py',
  'from chunkflow.chunk import Chunk\n\ndef execute(chunk: Chunk):\n    return [chunk // 2]\n',
)
add('python/plugins/swap.py', 'def execute(first, second):\n    return [second, first]\n')
add('mine/note_py.py', 'def execute(chunk, args=None):\n    print(f"got {args}")\n')

const available = hasPython('numpy')
const languages = [{ name: 'TypeScript', cwd: here.cwd, note: 'note' }]
if (available) languages.push({ name: 'Python', cwd: here.file('python'), note: 'note_py' })
for (const { name, cwd, note } of languages) {
  const inside = { cwd, env }

  test(`${name}: T23, one value back to its input`, async () => {
    const result = await succeeds(
      `chunkflow create-chunk --dtype uint8 plugin -f my_plugin -i chunk save-npy -f ${here.file('half.npy')} debug`,
      inside,
    )
    assert.match(result.stdout, 'chunk: uint8 64×64×64 at 0 0 0, image')
    const halves = sumOfBytes('half.npy')
    // every odd voxel lost a half
    assert.ok(halves < SINE / 2 && halves > (SINE - 64 ** 3) / 2)
  })

  test(`${name}: T24, two in and two out`, async () => {
    await succeeds(
      `chunkflow create-chunk -o chunk1 create-chunk --pattern zero --size 2 3 4 -o chunk2 plugin -f swap -i chunk1,chunk2 -o chunk1,chunk2 save-npy -i chunk1 -f ${here.file('one.npy')} save-npy -i chunk2 -f ${here.file('two.npy')}`,
      inside,
    )
    assert.match(npy('one.npy').header, '(2, 3, 4)')
    assert.is(sumOfBytes('two.npy'), SINE)
  })

  test(`${name}: T25, a text`, async () => {
    const { stdout } = await succeeds(
      `chunkflow create-chunk plugin -f ${note} -i chunk --args "encoded parameter string"`,
      inside,
    )
    assert.is(stdout, 'got encoded parameter string\n')
  })
}

test('takes options it does not have as keywords', async () => {
  add(
    'merge.ts',
    'export const execute = (affs, keywords) => { console.log(JSON.stringify(keywords)); return affs }',
  )
  const { stdout } = await succeeds(
    'create-chunk -o affs plugin -f merge --threshold 0.7 --aff-threshold-low 0.001 --aff-threshold-high=0.9999 --flip -i affs -o seg threshold -i seg -o out',
    where,
  )
  assert.is(
    stdout.split('\n')[0],
    '{"threshold":0.7,"aff_threshold_low":0.001,"aff_threshold_high":0.9999,"flip":true}',
  )
})

test('lets later steps see what a plugin made of its input', async () => {
  add(
    'to_map.ts',
    'export const execute = ({ data, shape }) => ({ data: Float32Array.from(data, (v) => v / 255), shape })',
  )
  const line = 'create-chunk plugin -f to_map -i chunk channel-voting'
  const { code, stderr } = await chunkflow(line, where)
  // a channel is missing, which only the run can know
  assert.is(code, 1, stderr)
  await succeeds('create-chunk plugin -f to_map -i chunk threshold --threshold 0.5', where)
})

test('a dry run runs no file', async () => {
  add(
    'touch.ts',
    `import { writeFileSync } from 'node:fs'\nexport const execute = (c) => writeFileSync('touched', '')`,
  )
  const { stderr } = await succeeds(
    '--dry-run create-chunk plugin -f touch -i chunk -o out threshold -i out',
    where,
  )
  assert.match(stderr, /dry run: .*touch\.ts left out/)
  assert.not.ok(existsSync(here.file('touched')))
})

/** Exit code 1 and a message of a sentence, `at` and `fix`, without a stack. */
async function refuses(line: string, what: RegExp, more: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stderr } = await chunkflow(line, { cwd: here.cwd, env: { ...env, ...more } })
  assert.is(code, 1, stderr)
  assert.match(stderr, what)
  assert.match(stderr, /^ {2}at {3}plugin-1/m)
  assert.match(stderr, /^ {2}fix {2}/m)
  assert.not.match(stderr, /^\s+at .*\(file:/m)
  return stderr
}

test('one message for each mistake in a JavaScript file', async () => {
  add('throws.ts', 'type A = number\n\nexport function execute(chunk) {\n  return chunk.nothing.at\n}')
  add('syntax.ts', 'export const execute = = 1')
  add('lacks.ts', 'export const run = 1')
  await refuses('create-chunk plugin -f no_plugin -i chunk', /There is no plugin file no_plugin/)
  const thrown = await refuses(
    'create-chunk plugin -f throws -i chunk',
    /throws\.ts: TypeError: Cannot read prop/,
  )
  assert.match(thrown, `${here.file('throws.ts')}:4`)
  const syntax = await refuses('create-chunk plugin -f syntax -i chunk', /syntax\.ts cannot be compiled/)
  assert.match(syntax, `${here.file('syntax.ts')}:1`)
  await refuses('create-chunk plugin -f lacks -i chunk', /lacks\.ts has no function execute/)
  await refuses('create-chunk plugin -f my_plugin -i chunk --args "a=1;b"', /"b" in --args has no value/)
  await refuses(
    'create-chunk plugin -f my_plugin -i chunk -o a,b',
    /my_plugin\.ts returned 1 value, but --output-names are a,b/,
  )
})

function interpreter(name: string, text: string): string {
  add(name, `#!/bin/sh\n${text}\n`)
  chmodSync(here.file(name), 0o755)
  return here.file(name)
}

if (available) {
  test('one message for each mistake in and around Python', async () => {
    add('parse.py', 'import json\ndef execute(chunk):\n    return json.parse("1")\n')
    add('bare.py', 'x = 1\n')
    add('odd.py', 'def execute(chunk):\n    return object()\n')
    add(
      'dies.py',
      'import os, sys\ndef execute(chunk):\n    print("last words", file=sys.stderr)\n    os.kill(os.getpid(), 11)\n',
    )
    add('needs.py', 'import no_such_module\n')
    const parse = await refuses('create-chunk plugin -f parse.py -i chunk', /parse\.py: AttributeError/)
    assert.match(parse, `${here.file('parse.py')}:3`)
    assert.match(parse, 'json.loads')
    await refuses('create-chunk plugin -f bare.py -i chunk', /bare\.py has no function execute/)
    await refuses('create-chunk plugin -f odd.py -i chunk', /odd\.py cannot give back a value of type object/)
    const crash = await refuses('create-chunk plugin -f dies.py -i chunk', /dies\.py ended by SIGSEGV/)
    assert.match(crash, 'last words')
    assert.match(crash, `${here.file('dies.py')}:4`)
    assert.not.match(crash, 'Fatal Python error')
    const needs = await refuses(
      'create-chunk plugin -f needs.py -i chunk',
      /No module named 'no_such_module'/,
    )
    assert.match(needs, 'install no_such_module')
    const run = 'create-chunk plugin -f python/my_plugin.py -i chunk'
    await refuses(run, /"\/no\/python": there is no such program/, { CHUNKFLOW_PYTHON: '/no/python' })
    await refuses(`${run} --python /no/other`, /"\/no\/other": there is no such program/)
    const numpy = interpreter('bare-python', `exec ${SYSTEM_PYTHON} -S "$@"`)
    await refuses(run, /has no module numpy/, { CHUNKFLOW_PYTHON: numpy })
    const old = interpreter('old-python', `printf '\\024\\000\\000\\000{"version": "3.5.2"}' >&4`)
    await refuses(run, /is Python 3\.5\.2/, { CHUNKFLOW_PYTHON: old })
  })

  test('shows the whole traceback when asked', async () => {
    const { stderr } = await chunkflow('--log-level debug create-chunk plugin -f parse.py -i chunk', where)
    assert.match(stderr, 'Traceback (most recent call last)')
  })

  test('carries 64-bit labels exactly', async () => {
    add(
      'labels.py',
      'import numpy as np\ndef execute(chunk):\n    return chunk.astype("u8") + np.uint64(2**63 + 1)\n',
    )
    add(
      'same.py',
      'def execute(chunk, offset=0):\n    assert offset == 2**63 + 1, offset\n    return chunk - np.uint64(offset)\nimport numpy as np\n',
    )
    await succeeds(
      'create-chunk plugin -f labels.py -i chunk save-npy -f labels.npy plugin -f same.py -i chunk --args "offset=9223372036854775809" save-npy -f back.npy',
      where,
    )
    const { data } = npy('labels.npy')
    assert.is(data.readBigUInt64LE(8), 2n ** 63n + 1n + 16n)
    assert.is(npy('back.npy').data.readBigUInt64LE(8), 16n)
  })

  if (hasPython('scipy'))
    test('C7: the median along z, with SciPy', async () => {
      add(
        'python/median_filter.py',
        `from scipy.ndimage import median_filter

def execute(chunk, size: tuple = (1, 1, 1), mode: str = 'mirror'):
    assert isinstance(size, tuple)
    return [median_filter(chunk, size=size, mode=mode)]
`,
      )
      const line =
        'create-chunk plugin -f median_filter -i chunk -o chunk --args "size=(3,1,1);mode=reflect" save-npy -f ../scipy.npy'
      await succeeds(line, { cwd: here.file('python'), env })
      assert.is(sumOfBytes('scipy.npy'), 42643306)
    })

  const mounts = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/dev/shm']).status === 0
  if (!mounts) console.log('skipped: needs root, to mount a small /dev/shm')
  else
    test('works when shared memory is too small', async () => {
      await succeeds('create-chunk plugin -f python/my_plugin.py -i chunk save-npy -f large-shm.npy', where)
      const bin = path.join(ROOT, 'cli/bin/chunkflow.mjs')
      const command = `mount -t tmpfs -o size=100k tmpfs /dev/shm && exec "$0" "$@"`
      const line = 'create-chunk plugin -f python/my_plugin.py -i chunk save-npy -f small-shm.npy'
      const { status, stderr } = spawnSync(
        'unshare',
        ['-m', 'sh', '-c', command, process.execPath, bin, ...line.split(' ')],
        { cwd: here.cwd, env: { ...process.env, NODE_OPTIONS: '', ...env }, encoding: 'utf8' },
      )
      assert.is(status, 0, stderr)
      assert.is(Buffer.compare(npy('small-shm.npy').data, npy('large-shm.npy').data), 0)
    })

  test('works without shared memory', async () => {
    await succeeds('create-chunk plugin -f python/my_plugin.py -i chunk save-npy -f disk.npy', {
      cwd: here.cwd,
      env: { ...env, CHUNKFLOW_SHARED_MEMORY: '/no/such/folder' },
    })
    await succeeds('create-chunk plugin -f python/my_plugin.py -i chunk save-npy -f memory.npy', where)
    assert.is(Buffer.compare(npy('disk.npy').data, npy('memory.npy').data), 0)
  })

  add(
    'report.py',
    `import os, time
def execute(chunk, wait=0, fail=False):
    with open(f'pid-{os.getpid()}', 'w'): pass
    time.sleep(wait)
    if fail: raise ValueError('as asked')
    return chunk
`,
  )
  const reported = (): number[] =>
    readdirSync(here.cwd).flatMap((name) => (name.startsWith('pid-') ? [Number(name.slice(4))] : []))
  const isRunning = (processId: number): boolean => {
    try {
      const state = execFileSync('ps', ['-o', 'stat=', '-p', String(processId)], { encoding: 'utf8' }).trim()
      return state !== '' && !state.startsWith('Z')
    } catch {
      return false
    }
  }
  async function until(condition: () => boolean, what: string): Promise<void> {
    for (let tries = 0; !condition(); tries++) {
      if (tries === 600) throw new Error(`waited in vain: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  /** The processes that report.py made known since the last call are gone, and so is their memory. */
  async function nothingRemains(): Promise<void> {
    const [processId, ...others] = reported()
    assert.ok(processId !== undefined && others.length === 0)
    await until(() => !isRunning(processId), `process ${processId} is still there`)
    rmSync(here.file(`pid-${processId}`))
    if (existsSync('/dev/shm'))
      assert.equal(
        readdirSync('/dev/shm').filter((name) => name.startsWith('chunkflow-')),
        [],
      )
  }

  test('leaves no process after success and failure', async () => {
    await succeeds('create-chunk plugin -f report.py -i chunk', where)
    await nothingRemains()
    await refuses('create-chunk plugin -f report.py -i chunk --fail', /ValueError: as asked/)
    await nothingRemains()
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const)
    test(`leaves no process after ${signal}`, async () => {
      const child = spawn(
        process.execPath,
        [
          path.join(ROOT, 'cli/bin/chunkflow.mjs'),
          'create-chunk',
          'plugin',
          '-f',
          'report.py',
          '-i',
          'chunk',
          '--wait',
          '60',
        ],
        {
          cwd: here.cwd,
          env: { ...process.env, NODE_OPTIONS: '', ...env },
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      )
      let said = ''
      child.stderr.on('data', (text) => {
        said += text
      })
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
      await until(() => reported().length > 0, 'the plugin did not start')
      child.kill(signal)
      const code = await ended
      if (signal !== 'SIGKILL') {
        assert.is(code, 1)
        assert.match(said, 'was stopped')
      }
      await nothingRemains()
    })
}

test.run()
