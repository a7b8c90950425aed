import {
  addZyx,
  type Chunk,
  isChunk,
  isOutcome,
  spatialSize,
  withProperties,
  type Zyx,
  zyx,
} from '@chunkflow/kernel/authoring'
import { ODD_SHAPE } from '../chunk-builders.js'
import { broken, isRefusal } from '../conformance-check.js'
import {
  changeChunks,
  open,
  portVariables,
  results,
  type Subject,
  sameVoxels,
  sampleVariables,
  snapshot,
  type Variables,
} from './sample.js'

const SHIFT = zyx(-100, 37, 1000)

/** Pairs of chunks that two runs wrote under one name. */
function compareOutputs(
  subject: Subject,
  first: ReadonlyMap<string, unknown>,
  second: ReadonlyMap<string, unknown>,
  test: (one: Chunk, other: Chunk, name: string) => void,
): void {
  const names = new Set(
    [...portVariables(subject, 'output'), ...portVariables(subject, 'input')].map(({ name }) => name),
  )
  for (const name of names) {
    const [one, other] = [first.get(name), second.get(name)]
    if (isChunk(one) !== isChunk(other)) throw broken(`"${name}" is a chunk in one run only`)
    if (isChunk(one) && isChunk(other)) test(one, other, name)
  }
}

/** Two runs on the same task give the same, and so does a step that has served other tasks in between. */
export async function checkRepeat(subject: Subject): Promise<void> {
  const first = await results(subject, sampleVariables(subject))
  const second = await results(subject, sampleVariables(subject))
  compareOutputs(subject, first, second, (one, other, name) => {
    if (!sameVoxels(one, other)) throw broken(`two runs give different voxels in "${name}"`)
  })
  const step = await open(subject)
  try {
    const before = await step.run(sampleVariables(subject))
    if (before.outcome !== undefined && !isOutcome(before.outcome))
      throw broken('run returns something else than skip(…), skipTo(…) or nothing')
    const kept = new Map(Object.entries(snapshot(namedValues(before.task))))
    try {
      await step.run(sampleVariables(subject, zyx(4, 11, 8), 100))
    } catch (error) {
      // a task it refuses must not spoil the next one
      if (!isRefusal(error)) throw error
    }
    const after = await step.run(sampleVariables(subject))
    compareOutputs(subject, kept, new Map(Object.entries(namedValues(after.task))), (one, other, name) => {
      if (!sameVoxels(one, other)) throw broken(`the task before changes the voxels of "${name}"`)
    })
    compareOutputs(subject, kept, new Map(Object.entries(namedValues(before.task))), (one, other, name) => {
      if (!sameVoxels(one, other)) throw broken(`"${name}" of one task is changed by the next one`)
    })
  } finally {
    await step.dispose()
  }
}

const namedValues = (task: { names(): readonly string[]; get(name: string): unknown }): Variables =>
  Object.fromEntries(task.names().map((name) => [name, task.get(name)]))

/** A step that is made and never used goes away quietly: all tasks of a run may be skipped before it. */
export async function checkUnused(subject: Subject): Promise<void> {
  const step = await open(subject)
  await step.dispose()
}

/** What is read is not changed, unless the port says so. */
export async function checkInputs(subject: Subject): Promise<void> {
  const given = sampleVariables(subject)
  const before = snapshot(given)
  await results(subject, given)
  const mutated = new Set(
    portVariables(subject, 'input')
      .filter(({ mutates }) => mutates)
      .map(({ name }) => name),
  )
  for (const [name, value] of Object.entries(given))
    if (isChunk(value) && !mutated.has(name) && !sameVoxels(value, before[name] as Chunk))
      throw broken(`the input "${name}" was changed; declare \`mutates\` if that is meant`)
}

/** The same voxels elsewhere give the same result there. */
export async function checkOffset(subject: Subject): Promise<void> {
  const shift = (chunk: Chunk): Chunk =>
    withProperties(chunk, { voxelOffset: addZyx(chunk.voxelOffset, SHIFT) })
  const given = sampleVariables(subject)
  const here = await results(subject, given)
  const there = await results(subject, changeChunks(sampleVariables(subject), shift))
  const sizes = new Set(
    Object.values(given)
      .filter(isChunk)
      .map((chunk) => spatialSize(chunk).join()),
  )
  compareOutputs(subject, here, there, (one, other, name) => {
    if (!sameVoxels(one, other)) throw broken(`the voxels of "${name}" depend on where the chunk lies`)
    if (
      sizes.has(spatialSize(one).join()) &&
      addZyx(one.voxelOffset, SHIFT).join() !== other.voxelOffset.join()
    )
      throw broken(`"${name}" has the size of an input but does not lie where the input does`)
  })
}

/**
 * What a declared halo promises: the result lies on the input's grid, and inside a block it is that of the whole chunk
 * wherever the neighbourhood, cut at the chunk's border, lies in the block.
 */
export async function checkBlocks(subject: Subject): Promise<void> {
  const halo = subject.definition.halo?.(subject.options as never)
  if (halo === undefined) return
  const size = ODD_SHAPE.map((length, axis) =>
    Number.isFinite(halo[axis]) ? length + 2 * halo[axis]! : length,
  ) as unknown as Zyx
  const whole = await results(subject, sampleVariables(subject, size))
  for (const block of blocksOf(size, halo)) {
    const cut = (chunk: Chunk): Chunk => crop(chunk, block)
    const part = await results(subject, changeChunks(sampleVariables(subject, size), cut))
    compareOutputs(subject, whole, part, (one, other, name) => {
      if (spatialSize(one).join() !== size.join())
        throw broken(`"${name}" is not on the grid of the input, so no halo can be declared`)
      const inner = innerPart(block, size, halo)
      const expected = crop(one, inner)
      const origin = inner.start.map((start, axis) => start - block.start[axis]!) as unknown as Zyx
      const end = inner.stop.map((stop, axis) => stop - block.start[axis]!) as unknown as Zyx
      if (!sameVoxels(expected, crop(other, { start: origin, stop: end })))
        throw broken(`"${name}" depends on voxels beyond the declared halo of ${halo.join(' ')}`)
    })
  }
}

interface Range {
  readonly start: Zyx
  readonly stop: Zyx
}

/** The chunk cut in two along each axis in turn: where the halo is all of an axis that axis stays whole. */
function* blocksOf(size: Zyx, halo: readonly number[]): Generator<Range> {
  for (let axis = 0; axis < 3; axis++) {
    if (!Number.isFinite(halo[axis])) continue
    const middle = Math.floor(size[axis]! / 2)
    const all = { start: [0, 0, 0], stop: [...size] }
    yield { ...all, stop: all.stop.with(axis, middle) as unknown as Zyx, start: zyx(0, 0, 0) }
    yield { ...all, start: all.start.with(axis, middle) as unknown as Zyx, stop: size }
  }
}

/** The voxels of a block that do not see beyond it; the chunk's own border is no limit. */
function innerPart(block: Range, size: Zyx, halo: readonly number[]): Range {
  const start = block.start.map((first, axis) => (first === 0 ? 0 : first + halo[axis]!))
  const stop = block.stop.map((last, axis) => (last === size[axis] ? last : last - halo[axis]!))
  return { start: start as unknown as Zyx, stop: stop as unknown as Zyx }
}

/** A part by index, on memory of its own. */
function crop(chunk: Chunk, { start, stop }: Range): Chunk {
  const [depth, height, width] = spatialSize(chunk)
  const size = zyx(stop[0] - start[0], stop[1] - start[1], stop[2] - start[2])
  const channels = chunk.data.length / (depth * height * width)
  const data = chunk.data.slice(0, channels * size[0] * size[1] * size[2])
  let to = 0
  for (let channel = 0; channel < channels; channel++)
    for (let z = start[0]; z < stop[0]; z++)
      for (let y = start[1]; y < stop[1]; y++) {
        const row = ((channel * depth + z) * height + y) * width
        data.set(chunk.data.subarray(row + start[2], row + stop[2]) as never, to)
        to += size[2]
      }
  return withProperties(chunk, {
    data,
    shape: (chunk.shape.length === 4 ? [channels, ...size] : size) as Chunk['shape'],
    voxelOffset: addZyx(chunk.voxelOffset, start),
  })
}
