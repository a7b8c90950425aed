import { type Model, zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Blender, PatchIndex } from './blender.js'
import type { PatchGrid } from './geometry.js'
import type { PatchCutter } from './patch-cutter.js'
import { type PatchRun, runPatches } from './run-patches.js'

const test = suite('run of patches')

/** Six patches in a row, of one voxel each. */
const GRID: PatchGrid = {
  inputSize: zyx(1, 1, 6),
  outputSize: zyx(1, 1, 6),
  inputStarts: [[0], [0], [0, 1, 2, 3, 4, 5]],
  outputStarts: [[0], [0], [0, 1, 2, 3, 4, 5]],
  patchCount: 6,
  unlikePatchNum: false,
}

/** Lets everything that can go on go on. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

/** A run whose steps wait until they are let go, and what began and ended, in order. */
function slowRun(change: Partial<PatchRun> = {}) {
  const events: string[] = []
  const waiting = new Map<string, () => void>()
  const step = (name: string): Promise<void> => {
    events.push(name)
    return new Promise((resolve) => waiting.set(name, resolve))
  }
  const cutter: PatchCutter = {
    async cut([, , x], slot) {
      events.push(`cut ${x}`)
      slot[0] = x
      return x !== 3
    },
    close: async () => {},
  }
  const blender: Blender = {
    output: new Float32Array(0),
    blend: ([, , x]: PatchIndex, result) =>
      step(`blend ${x}${result === undefined ? ' as zeros' : ` of ${result[0]}`}`),
    finish: async () => ({ withinUnit: true }),
    close: async () => {},
  }
  const model: Model = {
    computeDevice: 'test',
    channels: 1,
    resultSize: zyx(1, 1, 1),
    async run(batch, count, result) {
      const patches = [...batch.subarray(0, count)]
      await step(`model ${patches.join(' ')}`)
      // the batch is not touched while the model has it
      assert.equal([...batch.subarray(0, count)], patches)
      result.set(batch.subarray(0, count))
    },
  }
  const done = runPatches({
    model,
    cutter,
    blender,
    grid: GRID,
    inputPatchSize: zyx(1, 1, 1),
    inputChannels: 1,
    batchSize: 2,
    skipBlank: false,
    wants: undefined,
    signal: new AbortController().signal,
    onPatches: (count) => void events.push(`done with ${count}`),
    ...change,
  })
  return {
    done,
    /** What happened since the last call. */
    async since(): Promise<string[]> {
      await settle()
      return events.splice(0)
    },
    finish(name: string): void {
      waiting.get(name)!()
      waiting.delete(name)
    },
    names: () => [...waiting.keys()],
  }
}

test('cuts and blends while the model runs, one batch ahead and one behind, never more', async () => {
  const run = slowRun()
  assert.equal(await run.since(), ['cut 0', 'cut 1', 'cut 2', 'model 0 1', 'cut 3'])
  // the third batch has no buffer yet
  run.finish('model 0 1')
  assert.equal(await run.since(), ['done with 2', 'blend 0 of 0', 'cut 4', 'model 2 3', 'cut 5'])
  // the model is faster than the blender: it waits
  run.finish('model 2 3')
  assert.equal(await run.since(), [])
  run.finish('blend 0 of 0')
  assert.equal(await run.since(), ['blend 1 of 1'])
  run.finish('blend 1 of 1')
  assert.equal(await run.since(), ['done with 2', 'blend 2 of 2', 'model 4 5'])
  run.finish('model 4 5')
  for (const patch of [2, 3]) {
    run.finish(`blend ${patch} of ${patch}`)
    await run.since()
  }
  for (const patch of [4, 5]) {
    run.finish(`blend ${patch} of ${patch}`)
    await settle()
  }
  assert.equal(await run.done, { blank: 0, masked: 0 })
})

test('fills batches with patches that need the model, and keeps the order of the rest', async () => {
  const run = slowRun({ skipBlank: true, wants: ([, , x]) => x !== 0 && x !== 5 })
  const blended: string[] = []
  let finished = false
  void run.done.then(() => {
    finished = true
  })
  const models: string[] = []
  while (!finished) {
    await settle()
    for (const name of run.names()) {
      ;(name.startsWith('model') ? models : blended).push(name)
      run.finish(name)
    }
  }
  assert.equal(models, ['model 1 2', 'model 4'])
  assert.equal(blended, [
    'blend 0 as zeros',
    'blend 1 of 1',
    'blend 2 of 2',
    'blend 3 as zeros',
    'blend 4 of 4',
    'blend 5 as zeros',
  ])
  assert.equal(await run.done, { blank: 1, masked: 2 })
})

test('a failure of one waits for the others', async () => {
  const failing: PatchCutter = {
    cut: async ([, , x]) => {
      if (x === 2) throw new Error('no such voxel')
      return true
    },
    close: async () => {},
  }
  const run = slowRun({ cutter: failing })
  let failure: unknown
  run.done.catch((error) => {
    failure = error
  })
  await run.since()
  assert.is(failure, undefined)
  run.finish('model 0 0')
  await settle()
  assert.is((failure as Error).message, 'no such voxel')
})

test.run()
