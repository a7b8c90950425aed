import {
  type Chunk,
  type Compute,
  channelCount,
  type Dtype,
  integerMaximum,
  isInteger,
  spatialSize,
  type Zyx,
} from '@chunkflow/sdk'
import { rangesOf } from '@chunkflow/sdk/numerics'
import { arrayPort } from './array-port.js'
import base64 from './kernels/cut.wasm.js'
import { PIECE_BYTES } from './piece-bytes.js'

/** What the kernel calls the element types. */
const TYPES: Readonly<Record<Dtype, number>> = {
  bool: 0,
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  uint64: 6,
  int64: 7,
  float16: 8,
  float32: 9,
  float64: 10,
}

export interface PatchCutter {
  /**
   * Fills one slot of a batch. Patches of one row (equal z and y) are cheapest one after another.
   * @param start first voxel within the chunk
   * @param slot (input channels, z, y, x) float32 on shared memory
   * @returns whether any voxel is not 0
   */
  cut(start: Zyx, slot: Float32Array): Promise<boolean>
  close(): Promise<void>
}

/**
 * Cuts float32 patches out of a chunk off the main thread. Integers (not bool) are divided by the maximum of their type.
 * The rows of patches with equal z and y are kept by the worker, so that each voxel travels about once.
 * @param chunk (z, y, x), or with a channel axis; a single channel is repeated over all input channels
 */
export async function openPatchCutter(
  compute: Compute,
  chunk: Chunk,
  settings: {
    readonly patchSize: Zyx
    readonly inputChannels: number
    readonly signal?: AbortSignal
    readonly postableBytes?: number
  },
): Promise<PatchCutter> {
  const { patchSize, inputChannels } = settings
  const [planes, rows, width] = patchSize
  const [sizeZ, sizeY, sizeX] = spatialSize(chunk)
  const channels = channelCount(chunk)
  const strip = rows * sizeX
  const bytes = chunk.data.BYTES_PER_ELEMENT
  const band = { keep: 'band', bytes: channels * planes * strip * bytes }
  const divisor = isInteger(chunk.dtype) ? Number(integerMaximum(chunk.dtype)) : 1
  const port = arrayPort(chunk.data, strip, settings.postableBytes)
  const session = await compute.open(
    { name: 'cut', base64 },
    settings.signal === undefined ? {} : { signal: settings.signal },
  )
  let present: { z: number; y: number } | undefined

  async function loadRow(z: number, y: number): Promise<void> {
    const moves: Promise<void>[] = []
    for (let channel = 0; channel < channels; channel++)
      for (let plane = 0; plane < planes; plane++) {
        const first = ((channel * sizeZ + z + plane) * sizeY + y) * sizeX
        const target = (channel * planes + plane) * strip * bytes
        moves.push(
          port.read(first, strip, async (view) => {
            await session.call({ export: 'put', args: [band, target, { in: view }, view.byteLength] })
          }),
        )
      }
    await Promise.all(moves)
    present = { z, y }
  }

  return {
    async cut([z, y, x], slot) {
      if (present?.z !== z || present.y !== y) await loadRow(z, y)
      const channelLength = planes * rows * width
      const calls: Promise<number | bigint | undefined>[] = []
      for (let channel = 0; channel < inputChannels; channel++)
        for (const [from, to] of rangesOf(0, planes, PIECE_BYTES / (4 * rows * width))) {
          const first = ((channel % channels) * planes + from) * strip + x
          const part = slot.subarray(
            channel * channelLength + from * rows * width,
            channel * channelLength + to * rows * width,
          )
          const size = [to - from, rows, width]
          calls.push(
            session.call({
              export: 'cut',
              args: [TYPES[chunk.dtype], band, first, strip, sizeX, { out: part }, ...size, divisor],
            }),
          )
        }
      return (await Promise.all(calls)).includes(1)
    },
    close: () => session.close(),
  }
}
