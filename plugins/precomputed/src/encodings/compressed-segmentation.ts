import {
  type BlockShape,
  bytesPerElement,
  type Compute,
  chunkflowError,
  type Encoding,
  reverseZyx,
  type Zyx,
} from '@chunkflow/sdk'
import base64 from '../kernels/compressed-segmentation.wasm.js'
import { kernelSessions } from './kernel-sessions.js'

/** A WebAssembly memory holds the voxels and the encoded block. */
const LARGEST_BLOCK_BYTES = 2 ** 30
const TOO_LARGE = 0xffffffff
const DAMAGE: Readonly<Record<number, string>> = {
  1: 'a channel begins beyond its end',
  2: 'a block header has an impossible number of bits',
  3: 'encoded voxels lie beyond its end',
  4: 'a value table lies beyond its end',
}

/** Side lengths of the inner blocks, `compressed_segmentation_block_size` in the info; 8 8 8 when the field is missing. */
function innerBlock({ settings }: BlockShape): Zyx {
  const size = settings.compressed_segmentation_block_size ?? [8, 8, 8]
  return reverseZyx(size as Zyx)
}

const isSize = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length === 3 &&
  value.every((part) => Number.isSafeInteger(part) && part > 0) &&
  value[0] * value[1] * value[2] <= 2 ** 20

/** `compressed_segmentation`: uint32 and uint64 labels, in WebAssembly off the main thread. */
export function compressedSegmentation(compute: Compute): Encoding & { dispose(): Promise<void> } {
  const sessions = kernelSessions(compute, { name: 'compressed-segmentation', base64 })
  const suffix = ({ dtype }: BlockShape): '32' | '64' => (bytesPerElement(dtype) === 8 ? '64' : '32')
  return {
    dispose: sessions.dispose,
    refuses(block) {
      const { dtype, shapeCzyx, settings } = block
      if (dtype !== 'uint32' && dtype !== 'uint64') return `it holds uint32 and uint64, not ${dtype}`
      const size = settings.compressed_segmentation_block_size
      if (size !== undefined && !isSize(size))
        return `compressed_segmentation_block_size is ${JSON.stringify(size)}`
      const bytes = shapeCzyx.reduce((left, right) => left * right, bytesPerElement(dtype))
      return bytes > LARGEST_BLOCK_BYTES ? 'blocks over 1 GiB are not encoded' : undefined
    },
    encode: (voxels, block) =>
      sessions.use(async (session) => {
        const words = await session.call({
          export: `encode${suffix(block)}`,
          args: [{ in: voxels }, ...block.shapeCzyx, ...innerBlock(block), { heap: true }],
        })
        const length = Number(words) >>> 0
        if (length === TOO_LARGE)
          throw chunkflowError(
            'encoding-refused',
            'A block has too many labels for compressed_segmentation',
            {
              fix: 'use a smaller --block-size, or --encoding raw',
            },
          )
        // not shared: what is sent or written and then forgotten must press the garbage collector
        const bytes = new Uint8Array(length * 4)
        await session.call({ export: 'take', args: [{ out: bytes }, bytes.length] })
        return bytes
      }),
    async decode(bytes, block, target) {
      const problem = await sessions.use((session) =>
        session.call({
          export: `decode${suffix(block)}`,
          args: [
            { in: bytes },
            bytes.length >>> 2,
            { out: target },
            ...block.shapeCzyx,
            ...innerBlock(block),
          ],
        }),
      )
      if (problem !== 0) throw new RangeError(`compressed_segmentation: ${DAMAGE[Number(problem)]}`)
    },
  }
}
