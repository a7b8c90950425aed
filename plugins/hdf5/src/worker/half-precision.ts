import { readFileSync, writeFileSync } from 'node:fs'

/**
 * The library makes no float16 arrays, though it reads and writes them. An array made as float32 becomes one by two
 * changes in the file: its datatype message, and the element size at the end of its layout message.
 * (HDF5 File Format Specification 3.0, IV.A.2.d and IV.A.2.i.)
 * @param path a file of the oldest format (object headers without checksums), closed, with one float32 array without data
 * @param chunks shape of that array's storage chunks
 */
export function halvePrecision(path: string, chunks: readonly number[]): void {
  const bytes = readFileSync(path)
  const rank = chunks.length + 1
  const layout = Buffer.alloc(11 + 4 * rank)
  layout.set([3, 2, rank])
  // no data yet: the address is undefined
  layout.fill(0xff, 3, 11)
  for (const [axis, size] of [...chunks, 4].entries()) layout.writeUInt32LE(size, 11 + 4 * axis)
  bytes.set(FLOAT16, onlyPlace(bytes, FLOAT32, path))
  bytes.writeUInt32LE(2, onlyPlace(bytes, layout, path) + layout.length - 4)
  writeFileSync(path, bytes)
}

/**
 * Datatype messages: class 1 in version 1, little endian with an implied leading one and the place of the sign; size;
 * bit offset and precision; place and size of exponent and mantissa; bias.
 */
const datatype = (
  sign: number,
  size: number,
  exponent: readonly [number, number],
  mantissa: number,
  bias: number,
): Buffer => {
  const message = Buffer.alloc(20)
  message.set([0x11, 0x20, sign])
  message.writeUInt32LE(size, 4)
  message.writeUInt16LE(size * 8, 10)
  message.set([...exponent, 0, mantissa], 12)
  message.writeUInt32LE(bias, 16)
  return message
}
const FLOAT32 = datatype(31, 4, [23, 8], 23, 127)
const FLOAT16 = datatype(15, 2, [10, 5], 10, 15)

function onlyPlace(bytes: Buffer, wanted: Buffer, path: string): number {
  const place = bytes.indexOf(wanted)
  if (place < 0 || bytes.lastIndexOf(wanted) !== place)
    throw new Error(`${path} was not made as expected: this version of h5wasm is another one`)
  return place
}
