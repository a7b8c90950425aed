import { bytesPerElement, DTYPES, type Dtype } from '@chunkflow/kernel/authoring'

/**
 * Label to label, as words: an open-addressing table that is asked once per run of equal voxels, without bigints.
 * Labels are the bits of their dtype, in a low and a high word (0 up to 32 bits).
 */
export interface LabelTable {
  /** Index of a label, or -1. */
  find(low: number, high: number): number
  /** What the label at an index becomes. */
  readonly targetLow: Uint32Array
  readonly targetHigh: Uint32Array
}

/** Entries whose source the dtype cannot hold are left out; targets are taken modulo the dtype's width. */
export function labelTable(entries: Iterable<readonly [bigint, bigint]>, dtype: Dtype): LabelTable {
  const bits = bytesPerElement(dtype) * 8
  const pairs = [...entries].filter(([source]) => fits(source, dtype))
  const slots = 2 ** Math.ceil(Math.log2(2 * pairs.length + 2))
  const shift = 32 - Math.log2(slots)
  const index = new Int32Array(slots).fill(-1)
  const low = new Uint32Array(pairs.length)
  const high = new Uint32Array(pairs.length)
  const targetLow = new Uint32Array(pairs.length)
  const targetHigh = new Uint32Array(pairs.length)
  const slotOf = (a: number, b: number): number => {
    let slot = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) >>> shift
    for (let at = index[slot]!; at >= 0; at = index[slot]!) {
      if (low[at] === a && high[at] === b) break
      slot = (slot + 1) & (slots - 1)
    }
    return slot
  }
  for (const [at, [source, target]] of pairs.entries()) {
    const from = BigInt.asUintN(bits, source)
    const to = BigInt.asUintN(bits, target)
    low[at] = Number(from & 0xffffffffn)
    high[at] = Number(from >> 32n)
    targetLow[at] = Number(to & 0xffffffffn)
    targetHigh[at] = Number(to >> 32n)
    index[slotOf(low[at]!, high[at]!)] = at
  }
  return { find: (a, b) => index[slotOf(a, b)]!, targetLow, targetHigh }
}

/** Whether a dtype holds an id; of signed types also as the unsigned 64-bit word that uniqueLabels gives. */
export function fits(id: bigint, dtype: Dtype): boolean {
  const { kind, minimum, maximum } = DTYPES[dtype]
  const value = kind === 'signed' && id >= 2n ** 63n ? BigInt.asIntN(64, id) : id
  return id < 2n ** 64n && value >= minimum! && value <= maximum!
}
