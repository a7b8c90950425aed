import { chunkflowError, type PlainArray, type Synapses, type Zyx, zyx } from '@chunkflow/sdk'

/** What a file says of synapses, in its own axis order and element types. */
export interface RawSynapses {
  readonly pre: PlainArray
  readonly post: PlainArray | undefined
  readonly resolution: readonly number[] | undefined
  readonly preConfidence: ArrayLike<number | bigint> | undefined
  readonly postConfidence: ArrayLike<number | bigint> | undefined
  readonly users: readonly string[] | undefined
  readonly preUsers: ArrayLike<number | bigint> | undefined
  readonly postUsers: ArrayLike<number | bigint> | undefined
}

export interface BuildOptions {
  /** What messages call the file. */
  readonly file: string
  /** The columns of the file are x y z. */
  readonly reversed: boolean
  /** z y x nm; the file's unless given. */
  readonly resolution: Zyx | undefined
  /** Where neither says it. */
  readonly fallback: Zyx
}

/**
 * Checks and converts what a file says. Null when there are no presynapses.
 * @throws synapses-invalid
 */
export function buildSynapses(raw: RawSynapses, options: BuildOptions): Synapses | null {
  const invalid = (what: string) =>
    chunkflowError('synapses-invalid', `${options.file}: ${what}`, {
      fix: 'pre has rows of three voxels, post rows of a row of pre and three voxels, other lists one entry a row',
    })
  const rows = (name: string, array: PlainArray, columns: number): PlainArray => {
    const count = array.data.length / columns
    // an array without rows may have any form
    if (array.data.length > 0 && (array.shape.length !== 2 || array.shape[1] !== columns))
      throw invalid(`${name} has the shape ${array.shape.join('×') || 'of one number'}, not N×${columns}`)
    const data = new Int32Array(array.data.length)
    for (let index = 0; index < data.length; index++) {
      const value = Number(array.data[index])
      data[index] = value
      if (data[index] !== value)
        throw invalid(
          `${name} has ${array.data[index]} in row ${Math.floor(index / columns)}, which is no whole voxel`,
        )
    }
    if (options.reversed) reverseColumns(data, columns)
    return { shape: [count, columns], dtype: 'int32', data }
  }
  const list = <T extends Float32Array | Int32Array>(
    name: string,
    values: ArrayLike<number | bigint> | undefined,
    count: number,
    type: new (length: number) => T,
  ): T | undefined => {
    if (values === undefined) return undefined
    if (values.length !== count) throw invalid(`${name} has ${values.length} entries for ${count} rows`)
    const list = new type(count)
    for (let index = 0; index < count; index++) list[index] = Number(values[index])
    return list
  }

  const pre = rows('pre', raw.pre, 3)
  const preCount = pre.shape[0]!
  if (preCount === 0) return null
  const post = raw.post === undefined ? null : rows('post', raw.post, 4)
  const postCount = post?.shape[0] ?? 0
  for (let row = 0; row < postCount; row++) {
    const parent = Number(post!.data[row * 4])
    if (parent < 0 || parent >= preCount)
      throw invalid(`postsynapse ${row} belongs to presynapse ${parent}, but there are ${preCount}`)
  }
  return {
    pre,
    post,
    resolution: options.resolution ?? resolutionOf(raw.resolution, options, invalid) ?? options.fallback,
    preConfidence: list('pre_confidence', raw.preConfidence, preCount, Float32Array),
    postConfidence: list('post_confidence', raw.postConfidence, postCount, Float32Array),
    users: raw.users,
    preUsers: list('pre_users', raw.preUsers, preCount, Int32Array),
    postUsers: list('post_users', raw.postUsers, postCount, Int32Array),
  }
}

function resolutionOf(
  values: readonly number[] | undefined,
  { reversed }: BuildOptions,
  invalid: (what: string) => Error,
): Zyx | undefined {
  if (values === undefined) return undefined
  if (values.length !== 3 || !values.every((value) => value > 0))
    throw invalid(`the resolution ${values.join(' ')} is not three positive numbers`)
  const [first, second, third] = values as [number, number, number]
  return reversed ? zyx(third, second, first) : zyx(first, second, third)
}

/** x y z to z y x at the end of each row. */
function reverseColumns(data: Int32Array, columns: number): void {
  for (let row = columns; row <= data.length; row += columns) {
    const x = data[row - 3]!
    data[row - 3] = data[row - 1]!
    data[row - 1] = x
  }
}
