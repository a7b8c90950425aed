import { chunkflowError } from '@chunkflow/sdk'

/** Rows of numbers in row-major order. */
export interface Rows {
  readonly count: number
  readonly columns: number
  at(row: number, column: number): number
}

/**
 * A plain array `{ data, shape }` with two axes, or a list of equally long lists, as rows; undefined for anything else.
 * No rows at all have as many columns as one likes.
 */
export function rowsOf(value: unknown): Rows | undefined {
  if (Array.isArray(value)) {
    const columns = Array.isArray(value[0]) ? value[0].length : 0
    const ok = value.every(
      (row) => Array.isArray(row) && row.length === columns && row.every((cell) => typeof cell === 'number'),
    )
    return ok ? { count: value.length, columns, at: (row, column) => value[row][column] } : undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { data, shape } = value as { data?: ArrayLike<number | bigint>; shape?: readonly number[] }
  if (!ArrayBuffer.isView(data) || !Array.isArray(shape) || shape.length !== 2) return undefined
  const columns = shape[1] as number
  return {
    count: shape[0] as number,
    columns,
    at: (row, column) => Number((data as ArrayLike<number | bigint>)[row * columns + column]),
  }
}

/** As {@link rowsOf}, with that many columns. @throws viewer-layer */
export function requireRows(value: unknown, columns: number, what: string): Rows {
  const rows = rowsOf(value)
  if (rows === undefined || (rows.count > 0 && rows.columns !== columns))
    throw chunkflowError('viewer-layer', `${what} are not rows of ${columns} numbers`, {
      fix: `give an N × ${columns} array, or a list of lists`,
    })
  return rows
}
