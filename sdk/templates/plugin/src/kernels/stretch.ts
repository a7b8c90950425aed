import type { Compute } from '@chunkflow/sdk'
import base64 from './stretch.wasm.js'

/** Voxels a kernel gets at a time: its memory stays small however large the chunk. */
const PIECE_VOXELS = 2 ** 22

/** Writes `from` times `gain`, rounded and limited to 255, into `to`, off the main thread. */
export async function stretch(
  from: Uint8Array,
  to: Uint8Array,
  gain: number,
  { compute, signal }: { readonly compute: Compute; readonly signal: AbortSignal },
): Promise<void> {
  const session = await compute.open({ name: 'stretch', base64 }, { signal })
  try {
    for (let start = 0; start < from.length; start += PIECE_VOXELS) {
      const end = Math.min(from.length, start + PIECE_VOXELS)
      await session.call({
        export: 'stretch',
        args: [{ in: from.subarray(start, end) }, { out: to.subarray(start, end) }, end - start, gain],
      })
    }
  } finally {
    await session.close()
  }
}
