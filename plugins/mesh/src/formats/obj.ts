import type { FileMesh } from './encode.js'

/** Lines that are put together at once. */
const PIECE = 2 ** 14

/** Wavefront OBJ: `v x y z` with five decimals, `f` with vertices counted from 1. */
export function encodeObj({ vertices, triangles }: FileMesh): Uint8Array<ArrayBuffer> {
  const pieces = [
    ...linesOf(vertices, 'v', (value) => value.toFixed(5)),
    ...linesOf(triangles, 'f', (vertex) => String(vertex + 1)),
  ]
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

function* linesOf(
  values: Float32Array | Uint32Array,
  letter: string,
  print: (value: number) => string,
): Generator<Uint8Array> {
  const encoder = new TextEncoder()
  for (let start = 0; start < values.length; start += 3 * PIECE) {
    const stop = Math.min(values.length, start + 3 * PIECE)
    let text = ''
    for (let index = start; index < stop; index += 3)
      text += `${letter} ${print(values[index]!)} ${print(values[index + 1]!)} ${print(values[index + 2]!)}\n`
    yield encoder.encode(text)
  }
}
