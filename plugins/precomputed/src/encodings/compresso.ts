import { type BlockShape, bytesPerElement, type Compute, chunkflowError, type Encoding } from '@chunkflow/sdk'
import base64 from '../kernels/compresso.wasm.js'
import { kernelSessions } from './kernel-sessions.js'

/** The kernel's memory holds the voxels, up to 17 bytes for each and the encoded block. */
const LARGEST_BLOCK_VOXELS = 2 ** 27
/** Sides are stored in 16 bits. */
const LONGEST_SIDE = 65535
const DAMAGE: Readonly<Record<number, string>> = {
  1: 'there is no header of version 0 or 1',
  2: 'its header describes another size or element type',
  3: 'its header is impossible',
  4: 'it is cut short',
  5: 'a window does not exist',
  6: 'labels are missing',
  7: 'a location cannot be followed',
}

/** `compresso`: unsigned integers of any width, read only, in WebAssembly off the main thread. */
export function compresso(compute: Compute): Encoding & { dispose(): Promise<void> } {
  const sessions = kernelSessions(compute, { name: 'compresso', base64 })
  return {
    readOnly: true,
    dispose: sessions.dispose,
    refuses({ dtype, shapeCzyx }: BlockShape) {
      if (!dtype.startsWith('uint')) return `it holds unsigned integers, not ${dtype}`
      const [channels, ...size] = shapeCzyx
      if (channels !== 1) return `it holds one channel, not ${channels}`
      if (size.some((side) => side > LONGEST_SIDE)) return `a side has more than ${LONGEST_SIDE} voxels`
      const voxels = size.reduce((left, right) => left * right, 1)
      return voxels > LARGEST_BLOCK_VOXELS ? 'blocks over 134 million voxels are not decoded' : undefined
    },
    encode() {
      throw chunkflowError('encoding-refused', 'Blocks are not written as compresso, only read', {
        fix: 'use --encoding compressed_segmentation',
      })
    },
    async decode(bytes, { dtype, shapeCzyx }, target) {
      const [, ...size] = shapeCzyx
      const problem = await sessions.use((session) =>
        session.call({
          export: `decode${8 * bytesPerElement(dtype)}`,
          args: [{ in: bytes }, bytes.length, { out: target }, ...size, { heap: true }],
        }),
      )
      if (problem !== 0) throw new RangeError(`compresso: ${DAMAGE[Number(problem)]}`)
    },
  }
}
