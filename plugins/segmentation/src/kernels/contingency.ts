import { astype, type Chunk, type Compute } from '@chunkflow/sdk'
import base64 from './contingency.wasm.js'

/** How many voxels have label `segmentation` in one volume and `groundtruth` in the other. */
export interface LabelPair {
  readonly segmentation: bigint
  readonly groundtruth: bigint
  readonly count: number
}

const PIECE = 2 ** 22

/** Counts label pairs of two volumes of equal shape and any integer dtypes, exactly. */
export async function countLabelPairs(
  segmentation: Chunk,
  groundtruth: Chunk,
  { compute, signal }: { compute: Compute; signal?: AbortSignal | undefined },
): Promise<LabelPair[]> {
  const session = await compute.open({ name: 'contingency', base64 }, signal === undefined ? {} : { signal })
  try {
    let capacity = 1 << 16
    const table = (size: number) => ({ keep: `pairs ${size}`, bytes: size * 24 })
    const state = { keep: 'state', bytes: 16 }
    for (let start = 0; start < segmentation.data.length; start += PIECE) {
      const [first, second] = [piece(segmentation, start), piece(groundtruth, start)]
      const call = () =>
        session.call({
          export: 'countPairs',
          args: [table(capacity), capacity, state, { in: first }, { in: second }, first.length],
        })
      while ((await call()) === 0) {
        await session.call({
          export: 'growPairs',
          args: [table(capacity), capacity, table(capacity * 4), capacity * 4],
        })
        capacity *= 4
      }
    }
    const words = new BigUint64Array(new SharedArrayBuffer(capacity * 24))
    await session.readKept(table(capacity).keep, 0, words)
    return readPairs(words)
  } finally {
    await session.close()
  }
}

/** A piece as unsigned 64-bit labels; negative labels keep their bits. */
function piece(chunk: Chunk, start: number): BigUint64Array {
  const data = (chunk.data as BigUint64Array).subarray(start, start + PIECE)
  return astype({ ...chunk, data, shape: [1, 1, data.length] }, 'uint64').data as BigUint64Array
}

function readPairs(words: BigUint64Array): LabelPair[] {
  const pairs: LabelPair[] = []
  for (let at = 0; at < words.length; at += 3)
    if (words[at + 2] !== 0n)
      pairs.push({ segmentation: words[at]!, groundtruth: words[at + 1]!, count: Number(words[at + 2]) })
  return pairs
}
