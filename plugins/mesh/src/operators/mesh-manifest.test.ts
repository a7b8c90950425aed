import { codeOf } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openMeshFolder } from '../folder/mesh-folder.js'
import { namePartsOf, writeManifests } from '../manifests.js'
import { INFO, setUp, VOLUME } from '../testing/set-up.js'

const test = suite('mesh-manifest')
const WITH_MESH = { ...INFO, mesh: 'mesh' }
const BIG = 2n ** 64n - 2n

async function filled(ids: readonly (bigint | number)[]) {
  const at = setUp({ info: WITH_MESH })
  for (const id of ids)
    for (const box of ['8-16_0-8_0-8', '0-8_0-8_0-8', '16-24_-8-0_0-8'])
      await at.put(`mesh/${id}:0:${box}.gz`, '')
  return at
}
const manifests = (at: ReturnType<typeof setUp>): string[] =>
  at
    .keys()
    .flatMap((key) => /^mesh\/(\d+):0$/.exec(key)?.[1] ?? [])
    .sort()

test('one manifest an object, names sorted, and the info of the folder', async () => {
  const at = await filled([7, BIG])
  const { tasks, messages } = await at.manifest()
  assert.equal(tasks, [])
  assert.equal(manifests(at), ['18446744073709551614', '7'])
  assert.equal(at.json(`mesh/${BIG}:0`), {
    fragments: ['0-8_0-8_0-8', '16-24_-8-0_0-8', '8-16_0-8_0-8'].map((box) => `${BIG}:0:${box}`),
  })
  assert.equal(at.json('mesh/info'), { '@type': 'neuroglancer_legacy_mesh' })
  assert.equal(messages.info, ['wrote 2 manifests in file:///v/mesh'])
  // again, with its own files about
  const before = new Map(at.at(VOLUME))
  await at.manifest()
  assert.equal(new Map(at.at(VOLUME)), before)
})

test('prefixes are text: 7, 0, 10 and zeros', async () => {
  const ids = [7, 71, 17, 10, 102, 5]
  const written = async (options: object): Promise<string[]> => {
    const at = await filled(ids)
    await at.put('mesh/0123:0:0-8_0-8_0-8', '')
    await at.manifest({ options: { ...options } })
    return manifests(at)
  }
  assert.equal(await written({ prefix: '7' }), ['7', '71'])
  assert.equal(await written({ prefix: '10' }), ['10', '102'])
  assert.equal(await written({ prefix: '0' }), ['123'])
  // filled up it would miss the short id itself
  assert.equal(await written({ prefix: '7', digits: 3 }), ['7'])
  for (const digits of [1, 2, 3])
    assert.equal(await written({ digits }), ['10', '102', '123', '17', '5', '7', '71'])
})

test('says when objects have surfaces of chunks that overlap', async () => {
  const at = await filled([7])
  // a neighbour that shares one voxel, and one of another grid
  await at.put('mesh/7:0:7-15_7-16_0-8.gz', '')
  assert.equal((await at.manifest()).messages.warn, [])
  await at.put('mesh/7:0:0-20_0-20_0-8.gz', '')
  const { messages } = await at.manifest()
  assert.is(messages.warn.length, 1)
  assert.match(messages.warn[0]!, '1 objects (7) have fragments of overlapping chunks')
})

test('disbatch takes the prefix from its environment', async () => {
  const at = await filled([7, 8])
  assert.is(await codeOf(at.manifest({ options: { disbatch: true } })), 'mesh-prefix-invalid')
  process.env.DISBATCH_REPEAT_INDEX = '8'
  try {
    await at.manifest({ options: { disbatch: true } })
  } finally {
    delete process.env.DISBATCH_REPEAT_INDEX
  }
  assert.equal(manifests(at), ['8'])
})

test('too many names for memory: the same, in smaller parts', async () => {
  const ids = [1, 10, 100, 101, 11, 19, 199, 2]
  const at = await filled(ids)
  const folder = await openMeshFolder(await at.store.open(VOLUME), 'mesh')
  let count = 0
  for (const part of namePartsOf(undefined, 1))
    count += await writeManifests(folder, part, { isDry: false, mostNames: 4 })
  assert.is(count, ids.length)
  assert.equal(manifests(at), ids.map(String).sort())
  for (const id of ids) assert.is(at.json(`mesh/${id}:0`).fragments.length, 3)
})

test('what is refused', async () => {
  for (const prefix of ['x', '-1', '1e3', ''])
    assert.is(
      await codeOf(setUp({ info: WITH_MESH }).manifest({ options: { prefix: `${prefix}a` } })),
      'mesh-prefix-invalid',
    )
  assert.is(await codeOf(setUp().manifest()), 'mesh-folder-missing')
  assert.is(await codeOf(setUp({ info: null }).manifest()), 'mesh-volume-missing')
  const levels = setUp({ info: WITH_MESH })
  await levels.put('mesh/5:1:0-8_0-8_0-8', '')
  assert.is(await codeOf(levels.manifest()), 'mesh-format-unsupported')
})

test('a dry run counts', async () => {
  const at = await filled([7, 8])
  const { messages } = await at.manifest({ dryRun: true })
  assert.equal(messages.info, ['dry run: would write 2 manifests in file:///v/mesh'])
  assert.equal([manifests(at), at.keys().includes('mesh/info')], [[], false])
})

test.run()
