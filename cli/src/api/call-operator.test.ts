import 'reflect-metadata'
import { boxFromSize } from '@chunkflow/kernel/authoring'
import { codeOf } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Chunk, operators } from './index.js'

const test = suite('operators as functions')

const image = Chunk.create(new Uint8Array([1, 200, 3, 130]), [1, 2, 2], { voxelOffset: [7, -3, 11] })

test('a value in, a value out', async () => {
  const mask = await operators.threshold({ input: image, threshold: 100 })
  assert.equal([...mask.data], [0, 1, 0, 1])
  assert.equal(mask.voxelOffset, [7, -3, 11])
  // also under the option's own name
  const same = await operators.threshold({ inputChunkName: image, threshold: 100 } as never)
  assert.equal([...same.data], [0, 1, 0, 1])
})

test('several values', async () => {
  const mask = Chunk.create(new Uint8Array([1, 0, 1, 1]), [1, 2, 2], { voxelOffset: [7, -3, 11] })
  const products = await operators.multiply({ input: [image, mask], multiplier: mask })
  assert.equal(
    products.map(({ data }) => [...data]),
    [
      [1, 0, 3, 130],
      [1, 0, 1, 1],
    ],
  )
  const lines: string[] = []
  const logger = {
    debug() {},
    info() {},
    warn() {},
    error() {},
    result: (line: string) => void lines.push(line),
  }
  const labels = await operators.connectedComponents({ input: image, threshold: 100 })
  const scores = await operators.evaluateSegmentation(
    { segmentation: labels, groundtruth: labels, metric: 'rand' },
    { logger },
  )
  assert.equal((scores as { rand_split: number }).rand_split, 1)
  assert.equal(lines.length, 2)
})

test('sources give their tasks; a call may have a box', async () => {
  const tasks = await operators.createBbox({ start: [1, 2, 3], size: [4, 5, 6] })
  assert.equal(
    tasks.map(({ bbox }) => bbox),
    [boxFromSize([1, 2, 3], [4, 5, 6])],
  )
  const moved = await operators.adjustBbox({ cornerOffset: [0, 0, 1, 0, 0, 1] }, { bbox: tasks[0]!.bbox! })
  assert.equal(moved, boxFromSize([1, 2, 4], [4, 5, 6]))
})

test('what the caller holds is not changed, and mistakes are named', async () => {
  assert.equal([...image.data], [1, 200, 3, 130])
  assert.is(await codeOf(() => operators.threshold({} as never)), 'flag-missing')
  assert.is(await codeOf(() => operators.threshold({ input: image, treshold: 1 } as never)), 'flag-unknown')
  assert.is(await codeOf(() => operators.threshold({ input: 'chunk' as never })), 'plan-kind-mismatch')
  assert.is(
    await codeOf(() => (operators as unknown as Record<string, () => Promise<unknown>>).noSuchThing!()),
    'operator-unknown',
  )
  assert.is((operators as unknown as { then: unknown }).then, undefined)
})

test.run()
