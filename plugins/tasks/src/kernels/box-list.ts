import { type BoundingBox, boundingBox, chunkflowError, zyx } from '@chunkflow/sdk'

/** Boxes as a NumPy file: int64, N x 6, rows z0 y0 x0 z1 y1 x1, C order, format 1.0. */
export function encodeBoxes(boxes: readonly BoundingBox[]): Uint8Array {
  const dictionary = `{'descr': '<i8', 'fortran_order': False, 'shape': (${boxes.length}, 6), }`
  const padding = 64 - ((10 + dictionary.length + 1) % 64)
  const text = `${dictionary}${' '.repeat(padding % 64)}\n`
  const header = Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from('NUMPY'),
    Buffer.from([1, 0, text.length & 255, text.length >> 8]),
    Buffer.from(text, 'latin1'),
  ])
  const numbers = new BigInt64Array(6 * boxes.length)
  for (const [row, { start, stop }] of boxes.entries())
    for (const [column, value] of [...start, ...stop].entries()) numbers[6 * row + column] = BigInt(value)
  return Buffer.concat([header, new Uint8Array(numbers.buffer)])
}

/** Reads {@link encodeBoxes}'s form (32 or 64 bit integers), or comma-separated text with `#` comments. @throws task-list-invalid */
export function decodeBoxes(bytes: Uint8Array, where: string): BoundingBox[] {
  const rows =
    bytes[0] === 0x93 ? readNpyRows(bytes, where) : readTextRows(Buffer.from(bytes).toString('utf8'), where)
  return rows.map(([z0, y0, x0, z1, y1, x1]) => boundingBox(zyx(z0!, y0!, x0!), zyx(z1!, y1!, x1!)))
}

function refuse(what: string, where: string): never {
  throw chunkflowError('task-list-invalid', `Not a list of boxes: ${what}`, {
    where,
    fix: 'generate-tasks --file-path writes one: N rows of z0 y0 x0 z1 y1 x1',
  })
}

function readNpyRows(bytes: Uint8Array, where: string): number[][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const long = view.getUint8(6) > 1
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true)
  const start = (long ? 12 : 10) + length
  const header = Buffer.from(bytes.subarray(long ? 12 : 10, start)).toString('latin1')
  const dtype = /'descr':\s*'<i([48])'/.exec(header)
  const shape = /'shape':\s*\((\d+),\s*6\)/.exec(header)
  if (dtype === null || shape === null || /'fortran_order':\s*True/.test(header))
    refuse('the array is not N x 6 little-endian integers in C order', where)
  const size = Number(dtype![1])
  const count = Number(shape![1])
  if (bytes.length < start + count * 6 * size) refuse('the file is truncated', where)
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: 6 }, (_unused, column) => {
      const at = start + (row * 6 + column) * size
      return size === 8 ? Number(view.getBigInt64(at, true)) : view.getInt32(at, true)
    }),
  )
}

function readTextRows(text: string, where: string): number[][] {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim())
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const row = line
        .split(/[\s,]+/)
        .filter((word) => word !== '')
        .map(Number)
      if (row.length !== 6 || !row.every(Number.isSafeInteger))
        refuse(`line "${line}" is not six integers`, where)
      return row
    })
}
