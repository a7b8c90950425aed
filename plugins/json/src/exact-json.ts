import { type Chunk, isChunk } from '@chunkflow/sdk'

/** Strings, and numbers outside of them. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
/** Marks a number in disguise; a private-use character that no text begins with by chance. */
const MARK = '\uE000integer:'

/** As JSON.parse, but integers beyond 2^53 become bigint instead of being rounded. @throws SyntaxError */
export function parseExactJson(text: string): unknown {
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text
  const value: unknown = JSON.parse(plain)
  if (!/\d{16}/.test(plain) || plain.includes(MARK)) return value
  const marked = plain.replace(TOKENS, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${MARK}${token}"` : token,
  )
  return JSON.parse(marked, (_, item: unknown) =>
    typeof item === 'string' && item.startsWith(MARK) ? BigInt(item.slice(MARK.length)) : item,
  )
}

/**
 * As JSON.stringify, indented: bigint as decimal text, typed arrays and sets as lists, maps as objects, of chunks only
 * the description. Infinities and NaN are null, as JSON has none. @returns undefined for what has no JSON form
 */
export const formatExactJson = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, item: unknown) => plainValue(item), 2)

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (isChunk(value)) return describe(value)
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<unknown>)
  if (value instanceof Set) return [...value]
  return value instanceof Map ? Object.fromEntries(value) : value
}

const describe = ({ shape, dtype, voxelOffset, voxelSize, layerType }: Chunk) => ({
  shape,
  dtype,
  voxelOffset,
  voxelSize,
  layerType,
})
