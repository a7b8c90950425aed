import { memoryStorage } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { INFO } from '../testing/set-up.js'
import { claimMeshFolder, readVolumeInfo } from './volume-info.js'

const test = suite('info of a volume')
const encode = (json: object): Uint8Array => new TextEncoder().encode(JSON.stringify(json))
const decode = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes))

test('workers that name the folder at the same time agree, and lose no other change', async () => {
  const storage = memoryStorage()
  await storage.write('info', encode(INFO))
  const seen = await readVolumeInfo(storage)
  // another worker adds a scale after this one has read
  const scales = [...INFO.scales, { key: '16', resolution: [16, 32, 40] }]
  await storage.write('info', encode({ ...INFO, scales }))
  const names = await Promise.all(
    ['mesh_err_40', 'mesh_err_8', 'mesh_err_9'].map((name) => claimMeshFolder(storage, seen, name)),
  )
  const { mesh } = decode(storage.objects.get('info'))
  assert.equal(names, [mesh, mesh, mesh])
  assert.equal(decode(storage.objects.get('info')), { ...INFO, scales, mesh })
})

test('a folder that has a name keeps it, and the info is not written', async () => {
  const storage = memoryStorage()
  await storage.write('info', encode({ ...INFO, mesh: 'own/meshes/' }))
  const before = storage.objects.get('info')
  assert.is(await claimMeshFolder(storage, await readVolumeInfo(storage), 'mesh_err_40'), 'own/meshes')
  assert.is(storage.objects.get('info'), before)
})

test.run()
