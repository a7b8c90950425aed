import {
  chunkflowError,
  float16ToNumber,
  formatFlag,
  type KernelArgument,
  type TypedArray,
  type Zyx,
} from '@chunkflow/sdk'
import { rangesOf } from '@chunkflow/sdk/numerics'
import { type BandRow, bandRow } from './band-rows.js'
import { bandedSums } from './banded-sums.js'
import { type BlendKernels, type BlendLayout, sumsRegions, weightsRegion } from './blend-kernels.js'
import { PIECE_BYTES } from './piece-bytes.js'
import { sumsInPlace } from './sum-store.js'

/** What no result may reach (specification 4.4, step 8). */
const LIMIT = 1.0001

export interface BlenderSettings extends BlendLayout {
  readonly channels: number
  /** The output is float16. */
  readonly half: boolean
  /** Add up in the memory that becomes the output; see settings.ts. */
  readonly inPlace: boolean
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

export interface Blender {
  /** (channels, z, y, x) float32 or float16, complete after {@link finish}. */
  readonly output: TypedArray
  /**
   * Adds a result. Patches come in scan order, z slowest.
   * @param result (channels or more, result size) float32 on shared memory; undefined for zeros
   */
  blend(index: PatchIndex, result: Float32Array | undefined): Promise<void>
  /** Completes what is still held back. @returns whether every value of the output lies in [0, 1] */
  finish(): Promise<{ readonly withinUnit: boolean }>
  close(): Promise<void>
}

/**
 * Adds weighted patches up into the output, off the main thread. When a row of patches (equal z and y) is done, voxels that
 * no later row reaches are normalised (masked mode), checked, and masked by myelin.
 * @throws output-range, from `blend` or `finish`
 */
export async function openBlender(kernels: BlendKernels, settings: BlenderSettings): Promise<Blender> {
  const { channels, geometry, grid, weights } = settings
  const sizeX = grid.outputSize[2]
  const [patchZ, patchY, patchX] = geometry.outputPatchSize
  const [resultZ, resultY, resultX] = settings.resultSize
  const crop =
    resultZ === patchZ && resultY === patchY && resultX === patchX ? [0, 0, 0] : geometry.patchCropMargin
  const keptWeights = weightsRegion(weights)
  const kernel = await kernels.open(settings, settings.signal)
  const { session, sums } = kernel
  let row: BandRow | undefined
  let withinUnit = true
  let complete = false
  const close = (): Promise<void> => kernel.close(complete)

  const prepare = async () => {
    // the output comes first in the kernel's memory, as nothing was used there
    const store = settings.inPlace ? await sumsInPlace(session, settings) : bandedSums(session, settings)
    await kernel.start()
    return store
  }
  const store = await prepare().catch(async (error) => {
    await close()
    throw error
  })
  const { region, channelStride, planeStride } = store

  /** Arguments of `finish` that tell it how to normalise the rows that are done. */
  const normalisation = ({ z0, y0, doneZ, doneY }: BandRow): readonly KernelArgument[] => {
    if (sums === undefined) return NO_NORMALISATION
    const [startsZ, startsY] = [z0, y0].map((first, axis) =>
      Int32Array.from(grid.outputStarts[axis]!, (start) => start - first),
    ) as [Int32Array, Int32Array]
    const regions = sumsRegions(sums)
    return [
      ...[1, keptWeights, patchZ, patchY, patchX],
      ...[{ in: startsZ }, startsZ.length, { in: startsY }, startsY.length],
      ...[sums.classes, { in: sums.pieces }, sums.pieceCount, { in: sums.runs }, sums.runs.length / 3],
      { in: sums.slots([z0, doneZ], [y0, doneY]) },
      ...(sums.rows === 0 ? [0, 0] : [regions.made, regions.sums]),
      { scratch: 4 * sums.classes },
      { scratch: 8 * sums.mostPatches },
    ]
  }

  async function closeRow(done: BandRow): Promise<void> {
    const state = Number(
      await session.call({
        export: 'finish',
        args: [
          ...[region, store.first(done), channels, channelStride, planeStride, sizeX],
          ...[done.doneZ - done.z0, done.doneY - done.y0],
          ...normalisation(done),
          ...[settings.myelinThreshold ?? -1, LIMIT],
        ],
      }),
    )
    await store.close(done)
    if ((state & 1) !== 0) throw outOfRange(settings, store.output, done)
    if ((state & 2) !== 0) withinUnit = false
  }

  return {
    output: store.output,
    async blend([indexZ, indexY, indexX], result) {
      if (row?.indexZ !== indexZ || row.indexY !== indexY) {
        if (row !== undefined) await closeRow(row)
        row = bandRow(geometry, grid, indexZ, indexY)
        await store.open(row)
      }
      const { z0, z1, y0, y1, touchedZ, touchedY } = row
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
      const first = store.first(row) + x0
      const calls: Promise<unknown>[] = []
      for (let channel = 0; channel < channels; channel++)
        for (const [from, to] of rangesOf(0, z1 - z0, PIECE_BYTES / (4 * resultY * resultX))) {
          const place = [region, first + channel * channelStride + from * planeStride, planeStride, sizeX]
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
    close,
  }
}

/** As many as there are parameters of `finish` from `normalise` to `sources`. */
const NO_NORMALISATION: readonly KernelArgument[] = new Array(19).fill(0)

/** Finds the value that broke the rule, for the message. */
function outOfRange(
  { grid, channels, half }: BlenderSettings,
  output: TypedArray,
  { z0, y0, doneZ, doneY }: BandRow,
): Error {
  const [sizeZ, sizeY, sizeX] = grid.outputSize
  const data = output as Float32Array
  for (let channel = 0; channel < channels; channel++)
    for (let z = z0; z < doneZ; z++)
      for (let y = y0; y < doneY; y++)
        for (let x = 0; x < sizeX; x++) {
          const stored = data[((channel * sizeZ + z) * sizeY + y) * sizeX + x]!
          const value = half ? float16ToNumber(stored) : stored
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
