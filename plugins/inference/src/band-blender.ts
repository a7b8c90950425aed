import {
  allocate,
  type Compute,
  chunkflowError,
  float16ToNumber,
  formatFlag,
  type TypedArray,
  type Zyx,
} from '@chunkflow/sdk'
import { type ArrayPort, arrayPort } from './array-port.js'
import type { PatchGeometry, PatchGrid } from './geometry.js'
import base64 from './kernels/blend.wasm.js'

/** What no result may reach (specification 4.4, step 8). */
const LIMIT = 1.0001

export interface BlenderSettings {
  /** (channels, z, y, x), zeroed. */
  readonly output: TypedArray
  readonly half: boolean
  readonly channels: number
  readonly geometry: PatchGeometry
  readonly grid: PatchGrid
  /** (z, y, x) of the output patch. */
  readonly weights: Float32Array
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
   * @param result (channels or more, result size) float32 on shared memory
   */
  blend(index: PatchIndex, result: Float32Array): Promise<void>
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
export async function openBandBlender(compute: Compute, settings: BlenderSettings): Promise<BandBlender> {
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
  const keptWeights = { keep: 'weights', bytes: weights.byteLength }
  const finished = arrayPort(output, planeStride, settings.postableBytes)
  // partial sums wait in the output itself, or, where it is too coarse, in as many planes as one row of patches reaches
  const carryPlanes = settings.half ? planes : sizeZ
  const carried = settings.half
    ? arrayPort(
        allocate('float32', carryLength(channels, geometry, grid)),
        planeStride,
        settings.postableBytes,
      )
    : finished
  const session = await compute.open(
    { name: 'blend', base64 },
    settings.signal === undefined ? {} : { signal: settings.signal },
  )
  await session.call({ export: 'read', args: [keptWeights, 0, { in: weights }, weights.byteLength] })
  let row: BandRow | undefined
  let withinUnit = true

  /** Moves a run of rows of every plane of the band. @param rows first and end, in rows of the output */
  const eachStrip = (
    { z0, z1, y0 }: BandRow,
    planesInStore: number,
    rows: (z: number) => readonly [number, number],
    move: (inBand: number, inStore: number, length: number) => Promise<void>,
  ): Promise<unknown> => {
    const moves: Promise<void>[] = []
    for (let channel = 0; channel < channels; channel++)
      for (let z = z0; z < z1; z++) {
        const [from, to] = rows(z)
        if (from >= to) continue
        const inBand = channel * channelStride + (z - z0) * planeStride + (from - y0) * sizeX
        const inStore = ((channel * planesInStore + (z % planesInStore)) * sizeY + from) * sizeX
        moves.push(move(inBand, inStore, (to - from) * sizeX))
      }
    return Promise.all(moves)
  }

  async function openRow(next: BandRow): Promise<void> {
    row = next
    const { y0, y1, touchedZ, touchedY } = next
    await session.call({ export: 'clear', args: [band, band.bytes] })
    await eachStrip(
      next,
      carryPlanes,
      (z) => [y0, z < touchedZ ? y1 : Math.min(y1, touchedY)],
      (inBand, inStore, length) =>
        carried.read(inStore, length, async (view) => {
          await session.call({ export: 'read', args: [band, inBand, { in: view }, view.byteLength] })
        }),
    )
  }

  async function closeRow(done: BandRow): Promise<void> {
    const { z0, y0, y1, doneZ, doneY } = done
    const starts = grid.outputStarts.map((axis, index) =>
      Int32Array.from(axis, (start) => start - [z0, y0, 0][index]!),
    )
    const state = Number(
      await session.call({
        export: 'finish',
        args: [
          ...[band, channels, channelStride, planeStride, sizeX, doneZ - z0, doneY - y0],
          ...[geometry.masked ? 1 : 0, keptWeights, patchZ, patchY, patchX],
          ...starts.flatMap((axis) => [{ in: axis }, axis.length]),
          ...[settings.myelinThreshold ?? -1, LIMIT, { scratch: sizeX * 4 }],
        ],
      }),
    )
    const write =
      (port: ArrayPort, half: number) =>
      (inBand: number, inStore: number, length: number): Promise<void> =>
        port.write(inStore, length, async (view) => {
          await session.call({ export: 'write', args: [band, inBand, { out: view }, length, half] })
        })
    await eachStrip(done, sizeZ, (z) => [y0, z < doneZ ? doneY : y0], write(finished, settings.half ? 1 : 0))
    await eachStrip(done, carryPlanes, (z) => [z < doneZ ? doneY : y0, y1], write(carried, 0))
    if ((state & 1) !== 0) throw outOfRange(settings, done)
    if ((state & 2) !== 0) withinUnit = false
  }

  return {
    async blend([indexZ, indexY, indexX], result) {
      if (row?.indexZ !== indexZ || row.indexY !== indexY) {
        if (row !== undefined) await closeRow(row)
        await openRow(bandRow(geometry, grid, indexZ, indexY))
      }
      const { z0, z1, y0, y1 } = row!
      const start = [
        grid.outputStarts[0][indexZ]!,
        grid.outputStarts[1][indexY]!,
        grid.outputStarts[2][indexX]!,
      ]
      const x0 = Math.max(0, start[2]!)
      const x1 = Math.min(sizeX, start[2]! + patchX)
      // first voxel of the patch that lies in the output
      const [z, y, x] = [z0 - start[0]!, y0 - start[1]!, x0 - start[2]!]
      const voxels = resultZ * resultY * resultX
      await Promise.all(
        Array.from({ length: channels }, (_, channel) =>
          session.call({
            export: 'blend',
            args: [
              ...[band, channel * channelStride + x0, planeStride, sizeX],
              { in: result.subarray(channel * voxels, (channel + 1) * voxels) },
              ((z + crop[0]!) * resultY + y + crop[1]!) * resultX + x + crop[2]!,
              ...[resultY * resultX, resultX],
              ...[keptWeights, (z * patchY + y) * patchX + x, patchY * patchX, patchX],
              ...[z1 - z0, y1 - y0, x1 - x0, settings.weighted ? 1 : 0],
            ],
          }),
        ),
      )
    },
    async finish() {
      if (row !== undefined) await closeRow(row)
      return { withinUnit }
    },
    close: () => session.close(),
  }
}

/** Elements of the float32 planes in which partial sums wait while the output is float16. */
export const carryLength = (
  channels: number,
  { outputPatchSize }: PatchGeometry,
  { outputSize }: PatchGrid,
): number => channels * Math.min(outputPatchSize[0], outputSize[0]) * outputSize[1] * outputSize[2]

/** The part of the output under the patches of one z and y, in output voxels. */
interface BandRow {
  readonly indexZ: number
  readonly indexY: number
  readonly z0: number
  readonly z1: number
  readonly y0: number
  readonly y1: number
  /** Planes below hold partial sums of earlier rows; so do rows below `touchedY` in all planes. */
  readonly touchedZ: number
  readonly touchedY: number
  /** Voxels below both are not reached by later rows. */
  readonly doneZ: number
  readonly doneY: number
}

function bandRow(geometry: PatchGeometry, grid: PatchGrid, indexZ: number, indexY: number): BandRow {
  const along = (axis: 0 | 1, index: number) => {
    const starts = grid.outputStarts[axis]
    const size = grid.outputSize[axis]
    const stop = (at: number) => Math.min(size, starts[at]! + geometry.outputPatchSize[axis])
    const from = Math.max(0, starts[index]!)
    const to = stop(index)
    const next = index + 1 < starts.length ? Math.max(0, starts[index + 1]!) : size
    return { from, to, touched: index === 0 ? 0 : stop(index - 1), done: Math.min(to, next) }
  }
  const z = along(0, indexZ)
  const y = along(1, indexY)
  return {
    indexZ,
    indexY,
    z0: z.from,
    z1: z.to,
    y0: y.from,
    y1: y.to,
    touchedZ: z.touched,
    touchedY: y.touched,
    doneZ: z.done,
    doneY: y.done,
  }
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
