import type { TypedArray } from '@chunkflow/sdk'

/** Blocks that were made, up to a number of bytes; those used longest ago go first. */
export interface BlockCache {
  /** The block of that name, made by `make` unless it is there or on its way. It must not be changed. */
  get(name: string, make: () => Promise<TypedArray>): Promise<TypedArray>
  readonly bytes: number
}

export function createBlockCache(limitBytes: number): BlockCache {
  // a Map keeps the order of insertion: the first entry is the one used longest ago
  const blocks = new Map<string, TypedArray>()
  const underWay = new Map<string, Promise<TypedArray>>()
  let bytes = 0
  const keep = (name: string, block: TypedArray): void => {
    blocks.set(name, block)
    bytes += block.byteLength
    for (const [oldest, { byteLength }] of blocks) {
      if (bytes <= limitBytes) break
      blocks.delete(oldest)
      bytes -= byteLength
    }
  }
  return {
    get bytes() {
      return bytes
    },
    async get(name, make) {
      const present = blocks.get(name)
      if (present !== undefined) {
        blocks.delete(name)
        blocks.set(name, present)
        return present
      }
      const coming = underWay.get(name)
      if (coming !== undefined) return coming
      const promise = make()
      underWay.set(name, promise)
      try {
        const block = await promise
        keep(name, block)
        return block
      } finally {
        underWay.delete(name)
      }
    },
  }
}
