import { allocate, type Chunk, chunkflowError, float16ToNumber, withProperties } from '@chunkflow/sdk'

/** What lies beyond an end: the index of the voxel that stands for `index`, or -1 for zero. */
const BORDERS: Readonly<Record<string, (index: number, size: number) => number>> = {
  reflect: (index, size) => mirrored(modulo(index, 2 * size), 2 * size - 1, size),
  mirror: (index, size) => (size === 1 ? 0 : mirrored(modulo(index, 2 * size - 2), 2 * size - 2, size)),
  nearest: (index, size) => Math.min(size - 1, Math.max(0, index)),
  wrap: (index, size) => modulo(index, size),
  constant: (index, size) => (index >= 0 && index < size ? index : -1),
}
const modulo = (index: number, period: number): number => ((index % period) + period) % period
const mirrored = (index: number, last: number, size: number): number => (index < size ? index : last - index)

/** The median of the box of `size` voxels (z, y, x) around each voxel, as SciPy's `median_filter`; see also the operator median-filter. */
export function execute(
  chunk: Chunk,
  { size = [3, 1, 1], mode = 'reflect' }: { size?: number | readonly number[]; mode?: string } = {},
): Chunk {
  const border = BORDERS[mode]
  const box = typeof size === 'number' ? [size, size, size] : size
  if (border === undefined)
    throw chunkflowError('flag-invalid', `mode is one of ${Object.keys(BORDERS).join(', ')}, not ${mode}`)
  if (box.length !== 3 || !box.every((taps) => Number.isInteger(taps) && taps > 0))
    throw chunkflowError('flag-invalid', `size is three whole numbers z y x above 0, not ${box.join(' ')}`)
  const { data, dtype, shape } = chunk
  const [depth, height, width] = shape.slice(-3) as [number, number, number]
  const sources = [depth, height, width].map((length, axis) => {
    const before = Math.floor(box[axis]! / 2)
    return Array.from({ length }, (_, index) =>
      Array.from({ length: box[axis]! }, (_, tap) => border(index + tap - before, length)),
    )
  })
  const decode = dtype === 'float16' ? (bits: number) => float16ToNumber(bits) : (value: number) => value
  const target = allocate(dtype, data.length)
  const around = new Array<number>(box[0]! * box[1]! * box[2]!)
  const middle = Math.floor(around.length / 2)
  const ascending = (left: number, right: number): number => {
    const [a, b] = [decode(left), decode(right)]
    return a < b ? -1 : a > b ? 1 : 0
  }
  let index = 0
  for (let plane = 0; plane < data.length; plane += depth * height * width)
    for (const sections of sources[0]!)
      for (const rows of sources[1]!)
        for (const columns of sources[2]!) {
          let count = 0
          for (const z of sections)
            for (const y of rows)
              for (const x of columns)
                around[count++] =
                  z < 0 || y < 0 || x < 0
                    ? ((typeof data[0] === 'bigint' ? 0n : 0) as number)
                    : (data[plane + (z * height + y) * width + x] as number)
          target[index++] = around.sort(ascending)[middle]!
        }
  return withProperties(chunk, { data: target })
}
