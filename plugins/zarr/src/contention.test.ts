/** What other writers, and stores that cannot do everything, do to a write. */
import { type Chunk, chunkflowError, createChunk, type Storage } from '@chunkflow/sdk'
import { inlineCompute, memoryStorage, rampChunk, refusal } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codecWorkers } from './codec-workers.js'
import { createArray } from './create-array.js'
import type { NewArray } from './new-array.js'
import { openArray } from './open-array.js'
import { readBox } from './read-box.js'
import { WORKER } from './testing/zarr-folder.js'
import { writeBox } from './write-box.js'

const test = suite('contention')
const workers = codecWorkers(inlineCompute(), WORKER)
test.after(() => workers.dispose())

const NEW: NewArray = {
  format: 3,
  dtype: 'uint8',
  channels: null,
  shape: [4, 4, 4],
  chunkShape: [4, 4, 4],
  shardShape: null,
  order: 'zyx',
  compressor: 'none',
  voxelOffset: [0, 0, 0],
  voxelSizeNm: null,
  layerType: null,
  separator: '.',
}

/** A section of ones, which covers its stored chunk in part. */
const section = (z: number, value: number): Chunk =>
  createChunk(new Uint8Array(16).fill(value), [1, 4, 4], { voxelOffset: [z, 0, 0] })

async function write(storage: Storage, chunk: Chunk): Promise<void> {
  const array = await openArray(storage, { driver: 'any', mip: 0 })
  const [z] = chunk.voxelOffset
  const box = { ...array.placement.box, start: [z, 0, 0], stop: [z + 1, 4, 4] } as const
  await writeBox(array, workers, chunk, { box })
}

async function firstOfEachSection(storage: Storage): Promise<readonly unknown[]> {
  const array = await openArray(storage, { driver: 'any', mip: 0 })
  const { data } = await readBox(array, workers, { box: array.placement.box })
  return [0, 1, 2, 3].map((z) => data[16 * z])
}

for (const shardShape of [null, [4, 4, 4]] as const) {
  const made = { ...NEW, shardShape, chunkShape: shardShape === null ? NEW.chunkShape : ([2, 4, 4] as const) }
  const kind = shardShape === null ? 'chunk' : 'shard'

  test(`a ${kind} that others change between reading and writing is read again`, async () => {
    const storage = memoryStorage()
    await createArray(storage, '', made)
    let interruptions = 3
    const busy: Storage = {
      ...storage,
      read: async (key, options) => {
        const object = await storage.read(key, options)
        if (key.startsWith('c/') && interruptions > 0) {
          interruptions -= 1
          await write(storage, section(3 - interruptions, 10 + interruptions))
        }
        return object
      },
    }
    await write(busy, section(0, 1))
    // interrupted by sections 1, 2 and 3; nobody lost anything
    assert.equal(await firstOfEachSection(storage), [1, 12, 11, 10])
  })

  test(`a ${kind} that never rests is given up, retryably`, async () => {
    const storage = memoryStorage()
    await createArray(storage, '', made)
    const conflict = chunkflowError('storage-conflict', 'somebody else was faster')
    const busy: Storage = {
      ...storage,
      write: async (key, ...rest) => {
        if (key.startsWith('c/')) throw conflict
        await storage.write(key, ...rest)
      },
    }
    assert.match(await refusal(() => write(busy, section(1, 1))), 'was changed by other writers 20 times')
  })

  test(`a ${kind} that is emptied in part, then wholly, reads as nothing`, async () => {
    const storage = memoryStorage()
    await createArray(storage, '', made)
    await write(storage, section(1, 5))
    await write(storage, section(3, 6))
    await write(storage, section(1, 0))
    assert.equal(await firstOfEachSection(storage), [0, 0, 0, 6])
    await write(storage, section(3, 0))
    assert.equal(await firstOfEachSection(storage), [0, 0, 0, 0])
  })
}

test('a store that lists nothing still says what is missing', async () => {
  const storage: Storage = {
    ...memoryStorage(),
    list: () => {
      throw chunkflowError('storage-unsupported', 'web servers list nothing')
    },
  }
  assert.match(
    await refusal(() => openArray(storage, { driver: 'any', mip: 0 })),
    'There is no Zarr or N5 array',
  )
})

test('a store that compresses what it keeps', async () => {
  const storage = memoryStorage()
  await createArray(storage, '', NEW)
  const ramp = rampChunk([4, 4, 4], { dtype: 'uint8' })
  const array = await openArray(storage, { driver: 'any', mip: 0 })
  await writeBox(array, workers, ramp, { box: array.placement.box })
  const { gzipSync } = await import('node:zlib')
  const packed: Storage = {
    ...storage,
    read: async (key, options) => {
      const object = await storage.read(key, options)
      return object === null
        ? null
        : { ...object, bytes: new Uint8Array(gzipSync(object.bytes)), contentEncoding: 'gzip' }
    },
  }
  assert.equal(await firstOfEachSection(packed), [0, 16, 32, 48])
})

test('paths that leave the store are refused', async () => {
  const storage = memoryStorage()
  assert.match(
    await refusal(() => openArray(storage, { path: '../other', driver: 'any', mip: 0 })),
    'storage-key-invalid',
  )
})

test.run()
