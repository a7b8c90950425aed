import { spawn } from 'node:child_process'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  DTYPE_NAMES,
  type PythonArray,
  type PythonSession,
  type PythonSettings,
  type TypedArray,
} from '@chunkflow/sdk'
import {
  errorOf,
  hasPython,
  rampChunk,
  recordingLogger,
  SYSTEM_PYTHON,
  temporaryFolder,
} from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { untilGone } from '../testing/processes.js'
import { createPython } from './service.js'

const test = suite('python session')
const folder = temporaryFolder()
const { logger, messages } = recordingLogger()
const python = createPython({
  python: new URL('../python', import.meta.url),
  logger,
  environment: process.env,
})
test.after(async () => {
  await python.dispose()
  folder.remove()
})

let count = 0
function scriptFile(text: string): URL {
  const file = path.join(folder.path, `script-${count++}.py`)
  writeFileSync(file, text)
  return pathToFileURL(file)
}
const start = (text: string, settings: Partial<PythonSettings> = {}): Promise<PythonSession> =>
  python.start({ script: scriptFile(text), label: 'test script', executable: SYSTEM_PYTHON, ...settings })

/** A program that stands in for an interpreter. */
function program(name: string, text: string): string {
  const file = path.join(folder.path, name)
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}
const array = (data: TypedArray, dtype: PythonArray['dtype'], shape = [data.length]): PythonArray => ({
  dtype,
  shape,
  data,
})

const ECHO = `
import numpy as np
def echo(*values): return values
def kind(array): return [array.dtype.name, array.shape, array.flags.writeable]
`
const available = hasPython('numpy')

if (available) {
  test('carries every element type both ways', async () => {
    const session = await start(ECHO)
    for (const dtype of DTYPE_NAMES) {
      const { data } = rampChunk([2, 3, 5], { dtype })
      const sent = array(data, dtype, [2, 3, 5])
      assert.equal(await session.call('kind', [sent]), [dtype, [2, 3, 5], true])
      const [received] = (await session.call('echo', [sent])) as [PythonArray]
      assert.is(received.dtype, dtype)
      assert.equal(received.shape, [2, 3, 5])
      assert.equal([...(received.data as Uint8Array)], [...(data as Uint8Array)])
    }
    await session.close()
  })

  test('carries numbers, text and structures, whole numbers exactly', async () => {
    const session = await start(`${ECHO}
def large(value): return [type(value).__name__, value + 1, np.uint64(2**64 - 1), np.float32(0.5), np.True_]`)
    const values = [
      null,
      true,
      'Zürich \u{1f9e0} "quoted"',
      3,
      -2.5,
      1e300,
      { $int: 'x', list: [[], {}] },
    ] as const
    assert.equal(await session.call('echo', values), values as never)
    const [nan, infinite] = (await session.call('echo', [Number.NaN, Number.NEGATIVE_INFINITY])) as number[]
    assert.ok(Number.isNaN(nan))
    assert.is(infinite, Number.NEGATIVE_INFINITY)
    assert.equal(await session.call('large', [2n ** 63n]), ['int', 2n ** 63n + 1n, 2n ** 64n - 1n, 0.5, true])
    const labels = array(new BigUint64Array([2n ** 53n + 1n, 2n ** 64n - 1n]), 'uint64')
    const [same] = (await session.call('echo', [labels])) as [PythonArray]
    assert.equal([...(same.data as BigUint64Array)], [2n ** 53n + 1n, 2n ** 64n - 1n])
    await session.close()
  })

  test('gives back arrays in whatever order and layout they are', async () => {
    const session = await start(`
import numpy as np
def layouts(a):
    return {'transposed': a.T, 'part': a[1:, ::2], 'big': a.astype('>i2'), 'new': a + 1, 'tail': a[1:], 'scalar': np.array(7, 'u1'),
            'nothing': a[:0]}`)
    const sent = array(new Int16Array([1, 2, 3, 4, 5, 6]), 'int16', [2, 3])
    const result = (await session.call('layouts', [sent])) as unknown as Record<string, PythonArray>
    const list = Object.entries(result).map(([name, { dtype, shape, data }]) => [
      name,
      dtype,
      shape,
      [...(data as Int16Array)],
    ])
    assert.equal(list, [
      ['transposed', 'int16', [3, 2], [1, 4, 2, 5, 3, 6]],
      ['part', 'int16', [1, 2], [4, 6]],
      ['big', 'int16', [2, 3], [1, 2, 3, 4, 5, 6]],
      ['new', 'int16', [2, 3], [2, 3, 4, 5, 6, 7]],
      ['tail', 'int16', [1, 3], [4, 5, 6]],
      ['scalar', 'uint8', [], [7]],
      ['nothing', 'int16', [0, 3], []],
    ])
    await session.close()
  })

  test('writes results where they are wanted', async () => {
    const session = await start(ECHO)
    const into = new Float32Array(new SharedArrayBuffer(8))
    const sent = array(new Float32Array([0.25, 4]), 'float32')
    const [received] = (await session.call('echo', [sent], { into: [into] })) as [PythonArray]
    assert.is(received.data, into)
    assert.equal([...into], [0.25, 4])
    for (const wrong of [new Float32Array(3), new Float64Array(2)])
      assert.is((await errorOf(() => session.call('echo', [sent], { into: [wrong] }))).code, 'python-result')
    assert.match((await errorOf(() => session.call('echo', [], { into: [into] }))).what, '0 arrays where 1')
    await session.close()
  })

  test('lets the script change and keep its arguments', async () => {
    const session = await start(`
kept = []
def keep(array):
    array += 1
    kept.append(array[1:])
    return [part.tolist() for part in kept]`)
    const data = new Uint8Array([1, 2])
    await session.call('keep', [array(data, 'uint8')])
    await session.call('keep', [array(new Uint8Array([7, 8]), 'uint8')])
    assert.equal(await session.call('keep', [array(new Uint8Array([4, 5]), 'uint8')]), [[3], [9], [6]])
    assert.equal([...data], [1, 2])
    await session.close()
  })

  test('writes results to the second file when the first is full', async () => {
    const session = await start(`
import errno, os
real = os.pwrite
def full(descriptor, *rest):
    if descriptor == 5: raise OSError(errno.ENOSPC, 'No space left on device')
    return real(descriptor, *rest)
os.pwrite = full
def double(array): return array * 2
def both():
    os.pwrite = lambda *_: full(5)
    return double(__import__('numpy').arange(3))`)
    const [second] = [(await session.call('double', [array(new Uint8Array([3, 4]), 'uint8')])) as PythonArray]
    assert.equal([...(second!.data as Uint8Array)], [6, 8])
    const error = await errorOf(() => session.call('both', []))
    assert.match(error.what, 'No space left')
    assert.match(error.fix!, 'TMPDIR')
    await session.close()
  })

  test('does without shared memory', async () => {
    const session = await start(ECHO, {
      environment: { CHUNKFLOW_SHARED_MEMORY: path.join(folder.path, 'none') },
    })
    const [received] = (await session.call('echo', [array(new Uint8Array([3, 4]), 'uint8')])) as [PythonArray]
    assert.equal([...(received.data as Uint8Array)], [3, 4])
    await session.close()
  })

  test('runs calls one after another and passes on what is printed before they end', async () => {
    const lines: string[] = []
    const session = await start(
      `
import sys
def say(text):
    print(text)
    print(text, file=sys.stderr)
    return text`,
      { print: (line) => void lines.push(line) },
    )
    const results = await Promise.all(['a', 'b', 'c'].map((text) => session.call('say', [text])))
    assert.equal(results, ['a', 'b', 'c'])
    assert.equal(lines, ['a', 'b', 'c'])
    assert.equal(messages.warn.slice(-3), ['a', 'b', 'c'])
    await session.close()
  })

  test('tells an exception by its last line and the line of the script', async () => {
    const session = await start(`
import numpy as np
def inner(): np.zeros(3).reshape(2, 2)
def fails(): inner()
def exits(): raise SystemExit(3)
def long(): raise RuntimeError('Errors in Net:\\n\\tMissing key ' + 'x' * 1000)
def parses(): import json; json.parse('1')`)
    const error = await errorOf(() => session.call('fails', []))
    assert.is(error.code, 'python-exception')
    assert.is(error.what, 'test script: ValueError: cannot reshape array of size 3 into shape (2,2)')
    assert.match(error.where[0]!, /script-\d+\.py:3$/)
    assert.match(messages.debug.at(-1)!, 'Traceback (most recent call last)')
    assert.match((await errorOf(() => session.call('exits', []))).what, 'SystemExit: 3')
    const long = (await errorOf(() => session.call('long', []))).what
    assert.match(long, /RuntimeError: Errors in Net: Missing key x+ \.\.\.$/)
    assert.ok(long.length < 600)
    assert.match((await errorOf(() => session.call('parses', []))).fix!, 'json.loads')
    const absent = await errorOf(() => session.call('nothing', []))
    assert.is(absent.code, 'python-result')
    assert.match(absent.what, 'no function nothing')
    await session.close()
  })

  test('refuses results that cannot be sent', async () => {
    const session = await start(`
import numpy as np
def thing(): return {'a': [1, object()]}
def complex(): return np.zeros(2, 'c8')
def keys(): return {(1, 2): 3}
def fine(): return 1`)
    assert.is(
      (await errorOf(() => session.call('thing', []))).what,
      'test script cannot give back a value of type object',
    )
    assert.match((await errorOf(() => session.call('complex', []))).what, 'give back an array of complex64')
    assert.match(
      (await errorOf(() => session.call('keys', []))).what,
      'give back a dict with keys of type tuple',
    )
    assert.is(await session.call('fine', []), 1)
    await session.close()
  })

  test('reports a crash with its last words, and what comes after it', async () => {
    const session = await start(`
import os, sys
def crash():
    print('going down', file=sys.stderr)
    os.abort()
def leave(): os._exit(7)`)
    const error = await errorOf(() => session.call('crash', []))
    assert.is(error.code, 'python-crashed')
    assert.match(error.what, 'ended by SIGABRT')
    assert.match(error.what, /SIGABRT\n {4}going down$/)
    assert.match(error.where[0]!, /script-\d+\.py:5$/)
    assert.match(messages.debug.join('\n'), /script-\d+\.py", line 5 in crash/)
    assert.match((await errorOf(() => session.call('crash', []))).what, 'has ended already')
    const other = await start('import os\ndef leave(): os._exit(7)')
    assert.match((await errorOf(() => other.call('leave', []))).what, 'ended with code 7')
  })

  test('tells what a script lacks before it is called', async () => {
    const syntax = await errorOf(() => start('def execute(:\n'))
    assert.is(syntax.code, 'python-exception')
    assert.match(syntax.what, 'SyntaxError')
    assert.match(syntax.where[0]!, /script-\d+\.py:1$/)
    const unknown = await errorOf(() => start('\nimport no_such_module_here'))
    assert.match(unknown.what, "ModuleNotFoundError: No module named 'no_such_module_here'")
    assert.match(unknown.where[0]!, /script-\d+\.py:2$/)
    const required = await errorOf(() => start('', { requires: ['no_such_module_here'] }))
    assert.is(required.code, 'python-module-missing')
    assert.match(required.what, 'has no module no_such_module_here')
    const bare = program('bare', `exec ${SYSTEM_PYTHON} -S "$@"`)
    const numpy = await errorOf(() => start('', { executable: bare }))
    assert.is(numpy.code, 'python-module-missing')
    assert.match(numpy.what, 'numpy')
    assert.match(numpy.fix!, '-m pip install numpy')
  })

  test('imports what lies beside the script, but not instead of what Python has', async () => {
    writeFileSync(path.join(folder.path, 'beside_it.py'), 'VALUE = 12\n')
    writeFileSync(path.join(folder.path, 'colorsys.py'), 'raise RuntimeError("shadow")\n')
    writeFileSync(path.join(folder.path, 'frames.py'), 'VALUE = 30\n')
    const session = await start(
      'import beside_it, colorsys, frames\ndef value(): return beside_it.VALUE + frames.VALUE',
    )
    assert.is(await session.call('value', []), 42)
    await session.close()
    assert.not.ok(readdirSync(folder.path).includes('__pycache__'))
  })

  test('lets the script start helpers, however Python makes them', async () => {
    const text = `
import multiprocessing
def square(number): return number * number
def squares(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        return pool.map(square, [1, 2, 3])`
    const file = path.join(folder.path, 'helpers.py')
    writeFileSync(file, text)
    const session = await start('', { script: pathToFileURL(file) })
    for (const method of ['fork', 'spawn', 'forkserver'])
      assert.equal(await session.call('squares', [method]), [1, 4, 9])
    await session.close()
  })

  test('works behind a wrapper that stays', async () => {
    const wrapper = program('stays', `${SYSTEM_PYTHON} "$@"\nexit $?`)
    const session = await start('import os\ndef pid(): return os.getpid()', { executable: wrapper })
    const processId = (await session.call('pid', [])) as number
    assert.is.not(processId, session.processId)
    await session.close()
    await untilGone(processId)
    await untilGone(session.processId!)
  })

  test('leaves no process behind', async () => {
    const text =
      'import time, subprocess\ndef pid(): return subprocess.Popen(["sleep", "60"]).pid\ndef wait(): time.sleep(60)'
    const closed = await start(text)
    const helper = (await closed.call('pid', [])) as number
    await closed.close()
    await untilGone(closed.processId!)
    await untilGone(helper)

    const controller = new AbortController()
    const stopped = await start(text, { signal: controller.signal })
    const waiting = errorOf(() => stopped.call('wait', []))
    setTimeout(() => controller.abort(), 50)
    assert.is((await waiting).code, 'run-interrupted')
    await untilGone(stopped.processId!)

    const stubborn = await start(`import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def wait(): time.sleep(60)`)
    const one = new AbortController()
    const call = errorOf(() => stubborn.call('wait', [], { signal: one.signal }))
    setTimeout(() => one.abort(), 50)
    assert.is((await call).code, 'run-interrupted')
    await untilGone(stubborn.processId!)
  })

  test('ends with this process, also in the middle of a computation', async () => {
    // holds the interpreter's lock: no thread of the worker can notice anything
    const script = scriptFile('def block():\n    import ctypes\n    ctypes.PyDLL(None).sleep(60)')
    const code = `
      const { createPython } = await import(${JSON.stringify(new URL('./service.ts', import.meta.url).href)})
      const quiet = () => {}
      const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, result: quiet }
      const python = createPython({ python: new URL(${JSON.stringify(new URL('../python', import.meta.url).href)}), logger, environment: process.env })
      const session = await python.start({ script: new URL(${JSON.stringify(script.href)}), label: 'x', executable: ${JSON.stringify(SYSTEM_PYTHON)} })
      console.log(session.processId)
      await session.call('block', [])`
    const child = spawn(
      process.execPath,
      ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', code],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const processId = await new Promise<number>((resolve) =>
      child.stdout.once('data', (text) => resolve(Number(text))),
    )
    await new Promise((resolve) => setTimeout(resolve, 200))
    child.kill('SIGKILL')
    await untilGone(processId)
  })

  test('chooses the interpreter named by the environment', async () => {
    const wrapper = program('wrapped', `exec ${SYSTEM_PYTHON} "$@"`)
    const session = await python.start({
      script: scriptFile('def one(): return 1'),
      label: 'x',
      environment: { CHUNKFLOW_PYTHON: wrapper },
    })
    assert.is(session.executable, wrapper)
    assert.match(session.version, /^3\.\d+\.\d+$/)
    await session.close()
  })
}

test('explains interpreters that are none, or too old', async () => {
  const missing = await errorOf(() => start('', { executable: '/no/such/python' }))
  assert.is(missing.code, 'python-missing')
  assert.match(missing.what, '"/no/such/python": there is no such program')
  assert.match(missing.fix!, 'CHUNKFLOW_PYTHON')
  const other = await errorOf(() => start('', { executable: program('other', 'echo what? >&2; exit 3') }))
  assert.is(other.code, 'python-missing')
  assert.match(other.what, 'it ended with code 3: what?')
  const message = '{"version": "2.7.18"}'
  const frame = `\\${message.length.toString(8).padStart(3, '0')}\\000\\000\\000${message}`
  const old = await errorOf(() => start('', { executable: program('old', `printf '${frame}' >&4`) }))
  assert.is(old.code, 'python-too-old')
  assert.match(old.what, 'is Python 2.7.18')
})

test.run()
