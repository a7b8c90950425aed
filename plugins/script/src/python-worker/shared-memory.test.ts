import { closeSync, readdirSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import type { ChunkflowError, PythonArray } from '@chunkflow/sdk'
import { temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openUnlinked } from './shared-file.js'
import { SharedMemory, sharedFolders } from './shared-memory.js'

const test = suite('shared memory')
const folder = temporaryFolder()
test.after(() => folder.remove())

const array = (...values: number[]): PythonArray => ({
  dtype: 'uint8',
  shape: [values.length],
  data: new Uint8Array(values),
})
async function back(memory: SharedMemory, file: number, offset: number, length: number): Promise<Uint8Array> {
  const target = new Uint8Array(length)
  await memory.receive({ dtype: 'uint8', shape: [length], file, offset }, target)
  return target
}

test('places arrays one behind the other and uses the room again', async () => {
  const memory = await SharedMemory.open([folder.path])
  const [first, second] = [array(1, 2, 3), array(4, 5)]
  const places = await memory.send([first, second])
  assert.equal(
    [...places.values()],
    [
      { file: 0, offset: 0 },
      { file: 0, offset: 64 },
    ],
  )
  assert.equal([...(await back(memory, 0, 64, 2))], [4, 5])
  assert.equal([...(await memory.send([second])).values()], [{ file: 0, offset: 0 }])
  await memory.close()
})

test('leaves alone what the script still refers to', async () => {
  const memory = await SharedMemory.open([folder.path])
  await memory.send([array(1, 2, 3)])
  memory.keep([
    [
      [128, 192],
      [0, 3],
    ],
  ])
  const large: PythonArray = { dtype: 'uint8', shape: [100], data: new Uint8Array(100) }
  assert.equal(
    [...(await memory.send([array(9), large])).values()],
    [
      { file: 0, offset: 64 },
      { file: 0, offset: 192 },
    ],
  )
  assert.equal([...(await back(memory, 0, 0, 3))], [1, 2, 3])
  await memory.close()
})

test('has files without names', async () => {
  const memory = await SharedMemory.open([folder.path])
  await memory.send([array(1)])
  assert.equal(readdirSync(folder.path), [])
  if (process.platform === 'linux')
    assert.match(readlinkSync(`/proc/self/fd/${memory.descriptors[0]}`), /\(deleted\)$/)
  await memory.close()
})

test('takes the name from files where there must be one', async () => {
  const descriptor = await openUnlinked(folder.path)
  assert.type(descriptor, 'number')
  assert.equal(readdirSync(folder.path), [])
  closeSync(descriptor!)
  assert.is(await openUnlinked(path.join(folder.path, 'none')), null)
})

test('goes to the next folder when one is missing or too small', async () => {
  const missing = await SharedMemory.open([path.join(folder.path, 'none'), folder.path])
  assert.is(missing.descriptors.length, 1)
  await missing.close()
  const second = temporaryFolder()
  const memory = await SharedMemory.open([folder.path, second.path], async (where) =>
    where === folder.path ? 100 : 1000,
  )
  const bytes = (length: number): PythonArray => ({
    dtype: 'uint8',
    shape: [length],
    data: new Uint8Array(length),
  })
  assert.is([...(await memory.send([bytes(100)])).values()][0]!.file, 0)
  // the file has grown to 100 bytes already
  assert.is([...(await memory.send([bytes(200)])).values()][0]!.file, 0)
  assert.is([...(await memory.send([bytes(301)])).values()][0]!.file, 1)
  try {
    await memory.send([bytes(3000)])
    assert.unreachable()
  } catch (error) {
    const { code, what } = error as ChunkflowError
    assert.is(code, 'python-memory')
    assert.match(what, '3000 bytes')
  }
  await memory.close()
  second.remove()
})

test('is where the environment says', () => {
  assert.is(sharedFolders({})[0], '/dev/shm')
  assert.is(sharedFolders({ CHUNKFLOW_SHARED_MEMORY: '/run/big' })[0], '/run/big')
})

test('is copied by several threads without a gap', async () => {
  const memory = await SharedMemory.open([folder.path])
  const data = new Uint8Array(new SharedArrayBuffer(13_000_001)).map((_, index) => (index * 7) % 251)
  await memory.send([{ dtype: 'uint8', shape: [data.length], data }])
  assert.is(Buffer.compare(await back(memory, 0, 0, data.length), data), 0)
  await memory.close()
})

test.run()
