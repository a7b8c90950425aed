import { chunkflowError, DTYPES, type Dtype, integerMaximum, isBigDtype, isFloat } from '@chunkflow/sdk'

const invalid = (file: string, word: string, dtype: string) =>
  chunkflowError('nrrd-unreadable', `${file} holds "${word.slice(0, 40)}", which is no ${dtype}`, {
    fix: 'write it again with the program it comes from',
  })

/** Elements written as decimal numbers with spaces or commas between them, as little-endian bytes. */
export async function* decodeText(
  text: AsyncIterable<Uint8Array>,
  dtype: Dtype,
  file: string,
): AsyncGenerator<Uint8Array> {
  let open = ''
  for await (const piece of text) {
    const words = (open + Buffer.from(piece).toString('latin1')).split(/[\s,]+/)
    // the last one may go on in the next piece
    open = words.pop() ?? ''
    yield encode(
      words.filter((word) => word !== ''),
      dtype,
      file,
    )
  }
  if (open !== '') yield encode([open], dtype, file)
}

function encode(words: readonly string[], dtype: Dtype, file: string): Uint8Array {
  const { bytes } = DTYPES[dtype]
  const result = Buffer.alloc(words.length * bytes)
  for (const [index, word] of words.entries()) {
    const at = index * bytes
    if (isFloat(dtype)) {
      const value = floatOf(word)
      if (value === undefined) throw invalid(file, word, dtype)
      if (bytes === 4) result.writeFloatLE(value, at)
      else result.writeDoubleLE(value, at)
      continue
    }
    const value = /^[+-]?\d+$/.test(word) ? BigInt(word) : undefined
    if (value === undefined || value > integerMaximum(dtype) || value < minimum(dtype))
      throw invalid(file, word, dtype)
    if (isBigDtype(dtype)) result.writeBigUInt64LE(BigInt.asUintN(64, value), at)
    else result.writeUIntLE(Number(BigInt.asUintN(bytes * 8, value)), at, bytes)
  }
  return result
}

const minimum = (dtype: Dtype): bigint => (DTYPES[dtype].kind === 'signed' ? -integerMaximum(dtype) - 1n : 0n)

/** As C and teem write them: `nan`, `-inf` and `+inf`, too. */
function floatOf(word: string): number | undefined {
  const special = /^([+-]?)(nan|inf|infinity)$/i.exec(word)
  if (special !== null)
    return /^n/i.test(special[2]!)
      ? Number.NaN
      : special[1] === '-'
        ? Number.NEGATIVE_INFINITY
        : Number.POSITIVE_INFINITY
  const value = Number(word)
  return Number.isNaN(value) ? undefined : value
}

/** Bytes written as two hexadecimal digits each. */
export async function* decodeHex(text: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  let open = ''
  for await (const piece of text) {
    const digits = open + Buffer.from(piece).toString('latin1').replace(/\s+/g, '')
    if (!/^[0-9a-f]*$/i.test(digits))
      throw invalid(file, digits.replace(/^[0-9a-f]*/i, ''), 'hexadecimal digit')
    const even = digits.length - (digits.length % 2)
    open = digits.slice(even)
    yield Buffer.from(digits.slice(0, even), 'hex')
  }
}
