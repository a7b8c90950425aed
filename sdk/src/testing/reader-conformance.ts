import {
  addZyx,
  type BoundingBox,
  boundingBox,
  boxFromSize,
  boxSize,
  type Chunk,
  chunkBox,
  cutout,
  formatBox,
  formatSize,
  spatialSize,
  type Zyx,
  zyx,
} from '@chunkflow/kernel/authoring'
import type { Reader, ReadOptions } from '../contracts/readers.js'
import { broken, type ConformanceCheck, refusalOf } from './conformance-check.js'
import { sameVoxels } from './operator/sample.js'

/** A file and what it holds, known from the software that made it. */
export interface ReaderSample extends ReadOptions {
  readonly path: string
  readonly chunk: Chunk
}

export interface ReaderConformanceSettings {
  /** Files of the format, several voxels long in every axis; the more kinds of them the better. */
  readonly samples: readonly ReaderSample[]
  /** Paths of files of the format's name that are none: cut short, empty, of another format. */
  readonly damaged: readonly string[]
  /** A path of the format's name where no file is. */
  readonly missing: string
}

/**
 * What a reader promises (see the contract READERS), as cases for any test runner: the loader of the format, task generators and
 * viewers rely on it.
 */
export function readerConformance(
  reader: () => Promise<Reader> | Reader,
  settings: ReaderConformanceSettings,
): readonly ConformanceCheck[] {
  const ofSample = (
    name: string,
    run: (reader: Reader, sample: ReaderSample) => Promise<void>,
  ): ConformanceCheck => ({
    name,
    run: async () => {
      for (const sample of settings.samples) await run(await reader(), sample)
    },
  })
  return [
    {
      name: 'knows its files by name, without looking',
      run: async () => checkNames(await reader(), settings),
    },
    ofSample('describes what it will read', checkProbe),
    ofSample('reads the whole array', checkWhole),
    ofSample('reads parts, several at a time', checkParts),
    ofSample('refuses boxes that reach beyond the array', checkOutside),
    ofSample('gives chunks that are the caller’s own', checkOwnership),
    {
      name: 'says which file is missing or damaged',
      run: async () => {
        await checkMissing(await reader(), settings.missing)
        for (const path of settings.damaged) await checkDamaged(await reader(), path)
      },
    },
  ]
}

function checkNames(reader: Reader, { samples, missing }: ReaderConformanceSettings): void {
  for (const path of [...samples.map((sample) => sample.path), missing])
    if (reader.matches(path) !== true) throw broken(`it does not know ${path} by its name`)
  for (const path of ['notes.txt', 'archive.zip', ''])
    if (reader.matches(path) !== false) throw broken(`it takes "${path}" for a file of the format`)
}

async function checkProbe(reader: Reader, { path, chunk, ...options }: ReaderSample): Promise<void> {
  const found = await reader.probe(path, options)
  const read = await reader.read(path, options)
  const expect = (what: string, one: unknown, other: unknown): void => {
    if (JSON.stringify(one) !== JSON.stringify(other))
      throw broken(`${path}: probe says ${what} ${JSON.stringify(one)}, read gives ${JSON.stringify(other)}`)
  }
  expect('shape', found.shape, read.shape)
  expect('element type', found.dtype, read.dtype)
  expect('offset', found.voxelOffset, read.voxelOffset)
  expect('voxel size', found.voxelSize, read.voxelSize)
  if (found.layerType !== null) expect('layer type', found.layerType, read.layerType)
}

async function checkWhole(reader: Reader, { path, chunk, ...options }: ReaderSample): Promise<void> {
  await compare(reader.read(path, options), chunk, path)
}

async function checkParts(reader: Reader, { path, chunk, ...options }: ReaderSample): Promise<void> {
  const boxes = partsOf(chunkBox(chunk))
  await Promise.all(
    boxes.map((box) =>
      compare(reader.read(path, { ...options, box }), cutout(chunk, box), `${path} ${formatBox(box)}`),
    ),
  )
}

/** The whole, the first and the last voxel, a section, a box off all borders where there is one. */
function partsOf(whole: BoundingBox): readonly BoundingBox[] {
  const size = boxSize(whole)
  const last = addZyx(whole.stop, zyx(-1, -1, -1))
  const inner = size.map((length) => Math.max(1, length - 2)) as unknown as Zyx
  const start = addZyx(whole.start, size.map((length) => (length > 2 ? 1 : 0)) as unknown as Zyx)
  return [
    whole,
    boxFromSize(whole.start, zyx(1, 1, 1)),
    boxFromSize(last, zyx(1, 1, 1)),
    boxFromSize(zyx(last[0], whole.start[1], whole.start[2]), zyx(1, size[1], size[2])),
    boxFromSize(start, inner),
  ]
}

async function compare(reading: Promise<Chunk>, expected: Chunk, where: string): Promise<void> {
  const chunk = await reading
  if (chunk.voxelOffset.join() !== expected.voxelOffset.join())
    throw broken(`${where} lies at ${chunk.voxelOffset.join(' ')}, not ${expected.voxelOffset.join(' ')}`)
  if (chunk.dtype !== expected.dtype || chunk.shape.join() !== expected.shape.join())
    throw broken(
      `${where} is ${chunk.dtype} ${formatSize(chunk.shape)}, not ${expected.dtype} ${formatSize(expected.shape)}`,
    )
  if (!sameVoxels(chunk, expected)) throw broken(`${where} has other voxels than it should`)
}

async function checkOutside(reader: Reader, { path, chunk, ...options }: ReaderSample): Promise<void> {
  const { start, stop } = chunkBox(chunk)
  const size = spatialSize(chunk)
  for (const box of [
    boundingBox(start, addZyx(stop, zyx(0, 0, 1))),
    boundingBox(addZyx(start, zyx(-1, 0, 0)), stop),
    boxFromSize(addZyx(start, zyx(0, 2 * size[1], 0)), size),
  ])
    await refuses(() => reader.read(path, { ...options, box }), `reading ${formatBox(box)} of ${path}`)
}

async function checkOwnership(reader: Reader, { path, chunk, ...options }: ReaderSample): Promise<void> {
  const first = await reader.read(path, options)
  const zero = typeof first.data[0] === 'bigint' ? 0n : 0
  first.data.fill(zero as never)
  await compare(reader.read(path, options), chunk, `${path}, read again after the first chunk was changed,`)
}

/** A damaged file may still have a head that can be described; its voxels cannot be read. */
async function checkDamaged(reader: Reader, path: string): Promise<void> {
  await refusalOf(() => reader.probe(path), `describing ${path}`)
  await refuses(() => reader.read(path), `reading ${path}`)
}

async function checkMissing(reader: Reader, path: string): Promise<void> {
  await refuses(() => reader.probe(path), `describing ${path}`)
  await refuses(() => reader.read(path), `reading ${path}`)
}

async function refuses(action: () => Promise<unknown>, what: string): Promise<void> {
  if ((await refusalOf(action, what)) === undefined) throw broken(`${what} succeeds`)
}
