/** Field types of TIFF 6.0 and BigTIFF. */
const BYTES = { ascii: 1, short: 2, long: 4, rational: 8, long8: 8 } as const
const NUMBERS = { ascii: 2, short: 3, long: 4, rational: 5, long8: 16 } as const

export type FieldValue =
  | { readonly tag: number; readonly type: 'short' | 'long' | 'long8'; readonly values: readonly number[] }
  | { readonly tag: number; readonly type: 'rational'; readonly values: readonly [number, number] }
  | { readonly tag: number; readonly type: 'ascii'; readonly values: string }

/**
 * One image file directory, little-endian, its longer values behind it.
 * @param fields in ascending order of tags
 * @param offset where it will stand; even, in BigTIFF a multiple of 8
 * @param more another directory follows directly
 * @returns a multiple of 8 bytes
 */
export function encodeDirectory(
  fields: readonly FieldValue[],
  offset: number,
  { big, more }: { readonly big: boolean; readonly more: boolean },
): Buffer {
  const [entryBytes, headBytes, pointerBytes] = big ? [20, 8, 8] : [12, 2, 4]
  const tableBytes = headBytes + fields.length * entryBytes + pointerBytes
  const contents = fields.map(encodeValues)
  const external = contents.map((content) => (content.length > pointerBytes ? align(content.length) : 0))
  const total = align(tableBytes) + external.reduce((left, right) => left + right, 0)
  const directory = Buffer.alloc(total)
  const put = (value: number, at: number, bytes: number): void => {
    if (bytes === 8) directory.writeBigUInt64LE(BigInt(value), at)
    else directory.writeUIntLE(value, at, bytes)
  }
  put(fields.length, 0, headBytes)
  let free = align(tableBytes)
  for (const [index, field] of fields.entries()) {
    const content = contents[index]!
    const at = headBytes + index * entryBytes
    put(field.tag, at, 2)
    put(NUMBERS[field.type], at + 2, 2)
    put(field.type === 'rational' ? 1 : content.length / BYTES[field.type], at + 4, big ? 8 : 4)
    if (external[index] === 0) content.copy(directory, at + entryBytes - pointerBytes)
    else {
      put(offset + free, at + entryBytes - pointerBytes, pointerBytes)
      content.copy(directory, free)
      free += external[index]!
    }
  }
  put(more ? offset + total : 0, tableBytes - pointerBytes, pointerBytes)
  return directory
}

export const align = (bytes: number): number => Math.ceil(bytes / 8) * 8

function encodeValues(field: FieldValue): Buffer {
  if (field.type === 'ascii') return Buffer.from(`${field.values}\0`, 'latin1')
  if (field.type === 'short') return Buffer.from(Uint16Array.from(field.values).buffer)
  if (field.type === 'long8') return Buffer.from(BigUint64Array.from(field.values, BigInt).buffer)
  return Buffer.from(Uint32Array.from(field.values).buffer)
}

/** @param firstDirectory offset; beyond 4 GiB only in BigTIFF */
export function encodeHeader(firstDirectory: number, big: boolean): Buffer {
  const header = Buffer.alloc(big ? 16 : 8)
  header.write('II', 'latin1')
  header.writeUInt16LE(big ? 43 : 42, 2)
  if (big) {
    header.writeUInt16LE(8, 4)
    header.writeBigUInt64LE(BigInt(firstDirectory), 8)
  } else header.writeUInt32LE(firstDirectory, 4)
  return header
}
