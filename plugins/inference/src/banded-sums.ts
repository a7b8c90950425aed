import { allocate, type KernelSession, productZyx } from '@chunkflow/sdk'
import { type ArrayPort, arrayPort } from './array-port.js'
import { type BandRow, carrySizes } from './band-rows.js'
import type { SumSettings, SumStore } from './sum-store.js'

/**
 * Sums in a band: the part of the output under one row of patches (equal z and y). When it is done, finished voxels are
 * written; those that later rows reach are put aside as partial sums: in their place in the output if that is float32, so
 * that memory stays at one band however large the output is.
 */
export function bandedSums(session: KernelSession, settings: SumSettings): SumStore {
  const { channels, geometry, grid, half } = settings
  const [sizeZ, sizeY, sizeX] = grid.outputSize
  const [patchZ, patchY] = geometry.outputPatchSize
  const planes = Math.min(patchZ, sizeZ)
  const planeStride = Math.min(patchY, sizeY) * sizeX
  const channelStride = planes * planeStride
  const region = { keep: 'band', bytes: channels * channelStride * 4 }
  const output = allocate(half ? 'float16' : 'float32', channels * productZyx(grid.outputSize))
  const finished: Place = {
    port: arrayPort(output, planeStride, settings.postableBytes),
    at: (channel, z, y) => ((channel * sizeZ + z) * sizeY + y) * sizeX,
  }
  // partial sums wait where they belong, or, where float16 is too coarse for them, in arrays of their own
  const carry = half ? carrySizes(channels, geometry, grid) : undefined
  const spare = (length: number): ArrayPort =>
    arrayPort(allocate('float32', length), planeStride, settings.postableBytes)
  const below: Place =
    carry === undefined
      ? finished
      : {
          port: spare(carry.below),
          at: (channel, z, y) => ((channel * carry.planes + (z % carry.planes)) * sizeY + y) * sizeX,
        }
  const beside: Place =
    carry === undefined
      ? finished
      : {
          port: spare(carry.beside),
          at: (channel, z, y, z0, y0) => ((channel * planes + z - z0) * carry.rows + y - y0) * sizeX,
        }

  /** Calls `move` for rows [from, to) of every plane of the band in [first, end). */
  const eachStrip = (
    { z0, y0 }: BandRow,
    [first, end]: Range,
    [from, to]: Range,
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
  const load = (row: BandRow, planes: Range, rows: Range, store: Place) =>
    eachStrip(row, planes, rows, store, (inBand, inStore, length) =>
      store.port.read(inStore, length, async (view) => {
        await session.call({ export: 'read', args: [region, inBand, { in: view }, view.byteLength] })
      }),
    )
  const save = (row: BandRow, planes: Range, rows: Range, store: Place) =>
    eachStrip(row, planes, rows, store, (inBand, inStore, length) =>
      store.port.write(inStore, length, async (view) => {
        if (half && store === finished)
          await session.call({ export: 'writeHalf', args: [region, inBand, { out: view }, length] })
        else await session.readKept(region.keep, inBand * 4, view)
      }),
    )

  return {
    output,
    region,
    channelStride,
    planeStride,
    first: () => 0,
    async open(row) {
      const { z0, z1, y0, y1, touchedZ, touchedY } = row
      await load(row, [z0, z1], [y0, touchedY], beside)
      await load(row, [z0, touchedZ], [Math.max(y0, touchedY), y1], below)
    },
    async close(row) {
      const { z0, z1, y0, y1, doneZ, doneY } = row
      await save(row, [z0, doneZ], [y0, doneY], finished)
      await save(row, [doneZ, z1], [y0, doneY], below)
      await save(row, [z0, z1], [doneY, y1], beside)
    },
  }
}

type Range = readonly [first: number, end: number]

/** Where rows of a band come from and go to. */
interface Place {
  readonly port: ArrayPort
  /** Element at which row y of a plane begins. @param z0,y0 first plane and row of what is moved together */
  at(channel: number, z: number, y: number, z0: number, y0: number): number
}
