import { type Chunk, createChunk } from '@chunkflow/sdk'
import { inlineCompute, operatorConformance, runOperator } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import operator from './__OPERATOR__.js'

const test = suite('__OPERATOR__')
const services = { compute: inlineCompute() }

for (const { name, run } of operatorConformance(operator, {
  options: { gain: 1.5 },
  services,
  dtypes: ['uint8'],
}))
  test(name, run)

test('multiplies, rounds and limits', async () => {
  const chunk = createChunk(new Uint8Array([0, 3, 100, 200]), [1, 2, 2], { voxelOffset: [7, -3, 11] })
  const { task } = await runOperator(operator, { options: { gain: 1.5 }, variables: { chunk }, services })
  const result = task.get<Chunk>('chunk')
  assert.equal([...result.data], [0, 5, 150, 255])
  assert.equal(result.voxelOffset, [7, -3, 11])
})

test.run()
