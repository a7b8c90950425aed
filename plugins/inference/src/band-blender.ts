import {
  allocate,
  chunkflowError,
  float16ToNumber,
  formatFlag,
  type KernelArgument,
  type TypedArray,
  type Zyx,
} from '@chunkflow/sdk'
import { rangesOf } from '@chunkflow/sdk/numerics'
import { type ArrayPort, arrayPort } from './array-port.js'
import { type BandRow, bandRow, carrySizes } from './band-rows.js'
import { type BlendKernels, type BlendLayout, weightsRegion } from './blend-kernels.js'
import { PIECE_BYTES } from './piece-bytes.js'

/** What no result may reach (specification 4.4, step 8). */
const LIMIT = 1.0001

export interface BlenderSettings extends BlendLayout {
  /** (channels, z, y, x), zeroed. */
  readonly output: TypedArray
  readonly half: boolean
  /** Results are already multiplied by the weights. */
  readonly weighted: boolean
  /** Of the model's results: input or output patch size. */
  readonly resultSize: Zyx
  /** Keep voxels where the last channel lies below; undefined: keep all. */
  readonly myelinThreshold: number | undefined
  readonly signal?: AbortSignal
  readonly postableBytes?: number
}

/** Index of a patch along z, y and x. */
export type PatchIndex = Zyx

export interface BandBlender {
  /**
   * Adds a result. Patches come in scan order, z slowest.
   * @param result (channels or more, result size) float32 on shared memory; undefined for zeros
   */
  blend(index: PatchIndex, result: Float32Array | undefined): Promise<void>
  /** Writes what is still held back. @returns whether every value of the output lies in [0, 1] */
  finish(): Promise<{ readonly withinUnit: boolean }>
  close(): Promise<void>
}

/**
 * Adds weighted patches up into the output, off the main thread. The worker holds the band of the output under one row
 * of patches (equal z and y). When it is done, finished voxels are normalised (masked mode), checked, masked by myelin and
 * written; those that later rows reach are put aside as partial sums: in their place in the output if that is float32, so
 * that memory stays at one band however large the output is.
 * @throws output-range, from `blend` or `finish`
 */
export async function openBandBlender(
  kernels: BlendKernels,
  settings: BlenderSettings,
): Promise<BandBlender> {
  const { channels, geometry, grid, output, weights } = settings
  const [sizeZ, sizeY, sizeX] = grid.outputSize
  const [patchZ, patchY, patchX] = geometry.outputPatchSize
  const [resultZ, resultY, resultX] = settings.resultSize
  const crop =
    resultZ === patchZ && resultY === patchY && resultX === patchX ? [0, 0, 0] : geometry.patchCropMargin
  const planes = Math.min(patchZ, sizeZ)
  const planeStride = Math.min(patchY, sizeY) * sizeX
  const channelStride = planes * planeStride
  const band = { keep: 'band', bytes: channels * channelStride * 4 }
  const keptWeights = weightsRegion(weights)
  const place = (port: ArrayPort, at: Place['at']): Place => ({ port, at })
  const finished = place(
    arrayPort(output, planeStride, settings.postableBytes),
    (channel, z, y) => ((channel * sizeZ + z) * sizeY + y) * sizeX,
  )
  // partial sums wait where they belong, or, where float16 is too coarse for them, in arrays of their own
  const carry = settings.half ? carrySizes(channels, geometry, grid) : undefined
  const spare = (length: number): ArrayPort =>
    arrayPort(allocate('float32', length), planeStride, settings.postableBytes)
  const below =
    carry === undefined
      ? finished
      : place(
          spare(carry.below),
          (channel, z, y) => ((channel * carry.planes + (z % carry.planes)) * sizeY + y) * sizeX,
        )
  const beside =
    carry === undefined
      ? finished
      : place(
          spare(carry.beside),
          (channel, z, y, z0, y0) => ((channel * planes + z - z0) * carry.rows + y - y0) * sizeX,
        )
  const kernel = await kernels.open(settings, settings.signal)
  const { session, sums } = kernel
  let row: BandRow | undefined
  let withinUnit = true
  let complete = false

  /** Arguments of `finish` that tell it how to normalise the rows that are done. */
  const normalisation = ({ z0, y0, doneZ, doneY }: BandRow): readonly KernelArgument[] => {
    if (sums === undefined) return NO_NORMALISATION
    const [startsZ, startsY] = [z0, y0].map((first, axis) =>
      Int32Array.from(grid.outputStarts[axis]!, (start) => start - first),
    ) as [Int32Array, Int32Array]
    return [
      ...[1, keptWeights, patchZ, patchY, patchX],
      ...[{ in: startsZ }, startsZ.length, { in: startsY }, startsY.length],
      ...[sums.classes, { in: sums.pieces }, sums.pieceCount, { in: sums.runs }, sums.runs.length / 3],
      { in: sums.slots([z0, doneZ], [y0, doneY]) },
      ...(sums.rows === 0
        ? [0, 0]
        : [
            { keep: 'made', bytes: sums.rows },
            { keep: 'sums', bytes: sums.bytes },
          ]),
      { scratch: 4 * sums.classes },
      { scratch: 8 * sums.mostPatches },
    ]
  }

  /** Calls `move` for rows [from, to) of every plane of the band in [first, end). */
  const eachStrip = (
    { z0, y0 }: BandRow,
    [first, end]: readonly [number, number],
    [from, to]: readonly [number, number],
    store: Place,
    move: (inBand: number, inStore: number, length: number) => Promise<void>,
  ): Promise<unknown> => {
    const moves: Promise<void>[] = []
    if (from < to)
      for (let channel = 0; channel < channels; channel++)
        for (let z = first; z < end; z++) {
          const inBand = channel * channelStride + (z - z0) * planeStride + (from - y0) * sizeX
          moves.push(move(inBand, store.at(channel, z, from, z0, from), (to - from) * sizeX))
        }
    return Promise.all(moves)
  }
  const load = (
    row: BandRow,
    planes: readonly [number, number],
    rows: readonly [number, number],
    store: Place,
  ) =>
    eachStrip(row, planes, rows, store, (inBand, inStore, length) =>
      store.port.read(inStore, length, async (view) => {
        await session.call({ export: 'read', args: [band, inBand, { in: view }, view.byteLength] })
      }),
    )
  const save = (
    row: BandRow,
    planes: readonly [number, number],
    rows: readonly [number, number],
    store: Place,
  ) =>
    eachStrip(row, planes, rows, store, (inBand, inStore, length) =>
      store.port.write(inStore, length, async (view) => {
        if (settings.half && store === finished)
          await session.call({ export: 'writeHalf', args: [band, inBand, { out: view }, length] })
        else await session.readKept(band.keep, inBand * 4, view)
      }),
    )

  async function openRow(next: BandRow): Promise<void> {
    row = next
    const { z0, z1, y0, y1, touchedZ, touchedY } = next
    await load(next, [z0, z1], [y0, touchedY], beside)
    await load(next, [z0, touchedZ], [Math.max(y0, touchedY), y1], below)
  }

  async function closeRow(done: BandRow): Promise<void> {
    const { z0, z1, y0, y1, doneZ, doneY } = done
    const state = Number(
      await session.call({
        export: 'finish',
        args: [
          ...[band, channels, channelStride, planeStride, sizeX, doneZ - z0, doneY - y0],
          ...normalisation(done),
          ...[settings.myelinThreshold ?? -1, LIMIT],
        ],
      }),
    )
    await save(done, [z0, doneZ], [y0, doneY], finished)
    await save(done, [doneZ, z1], [y0, doneY], below)
    await save(done, [z0, z1], [doneY, y1], beside)
    if ((state & 1) !== 0) throw outOfRange(settings, done)
    if ((state & 2) !== 0) withinUnit = false
  }

  return {
    async blend([indexZ, indexY, indexX], result) {
      if (row?.indexZ !== indexZ || row.indexY !== indexY) {
        if (row !== undefined) await closeRow(row)
        await openRow(bandRow(geometry, grid, indexZ, indexY))
      }
      const { z0, z1, y0, y1, touchedZ, touchedY } = row!
      const start = [
        grid.outputStarts[0][indexZ]!,
        grid.outputStarts[1][indexY]!,
        grid.outputStarts[2][indexX]!,
      ]
      const x0 = Math.max(0, start[2]!)
      const x1 = Math.min(sizeX, start[2]! + patchX)
      const touchedX = indexX === 0 ? 0 : Math.min(sizeX, grid.outputStarts[2][indexX - 1]! + patchX)
      // first voxel of the patch that lies in the output
      const [z, y, x] = [z0 - start[0]!, y0 - start[1]!, x0 - start[2]!]
      const calls: Promise<unknown>[] = []
      for (let channel = 0; channel < channels; channel++)
        for (const [from, to] of rangesOf(0, z1 - z0, PIECE_BYTES / (4 * resultY * resultX))) {
          const place = [band, channel * channelStride + from * planeStride + x0, planeStride, sizeX]
          const size = [to - from, y1 - y0, x1 - x0]
          const touched = [touchedZ - z0 - from, touchedY - y0, touchedX - x0]
          if (result === undefined) {
            calls.push(session.call({ export: 'clear', args: [...place, ...size, ...touched] }))
            continue
          }
          const plane = channel * resultZ + z + crop[0]!
          const piece = result.subarray((plane + from) * resultY * resultX, (plane + to) * resultY * resultX)
          calls.push(
            session.call({
              export: 'blend',
              args: [
                ...place,
                { in: piece },
                (y + crop[1]!) * resultX + x + crop[2]!,
                ...[resultY * resultX, resultX],
                ...[keptWeights, ((z + from) * patchY + y) * patchX + x, patchY * patchX, patchX],
                ...size,
                ...touched,
                settings.weighted ? 1 : 0,
              ],
            }),
          )
        }
      await Promise.all(calls)
    },
    async finish() {
      if (row !== undefined) await closeRow(row)
      complete = true
      return { withinUnit }
    },
    close: () => kernel.release(complete),
  }
}

/** As many as there are parameters of `finish` from `normalise` to `sources`. */
const NO_NORMALISATION: readonly KernelArgument[] = new Array(19).fill(0)

/** Where rows of a band come from and go to. */
interface Place {
  readonly port: ArrayPort
  /** Element at which row y of a plane begins. @param z0,y0 first plane and row of what is moved together */
  at(channel: number, z: number, y: number, z0: number, y0: number): number
}

/** Finds the value that broke the rule, for the message. */
function outOfRange(settings: BlenderSettings, { z0, y0, doneZ, doneY }: BandRow): Error {
  const [sizeZ, sizeY, sizeX] = settings.grid.outputSize
  const data = settings.output as Float32Array
  for (let channel = 0; channel < settings.channels; channel++)
    for (let z = z0; z < doneZ; z++)
      for (let y = y0; y < doneY; y++)
        for (let x = 0; x < sizeX; x++) {
          const stored = data[((channel * sizeZ + z) * sizeY + y) * sizeX + x]!
          const value = settings.half ? float16ToNumber(stored) : stored
          if (!(value < LIMIT))
            return rangeError(value, `in channel ${channel} at ${formatFlag([z, y, x])} of the output`)
        }
  return rangeError(undefined, 'at voxels that the myelin mask removes')
}

const rangeError = (value: number | undefined, place: string): Error =>
  chunkflowError(
    'output-range',
    `The model gave ${value ?? 'values above 1 or none'} ${place}: results must be numbers up to 1`,
    { fix: 'end the model, or its post-processing, with a sigmoid' },
  )
