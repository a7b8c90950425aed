import { chunkflowError, type PlainArray, type Synapses } from '@chunkflow/sdk'
import type { RawSynapses } from '../build-synapses.js'

type Members = Readonly<Record<string, unknown>>

const ORDERS: Readonly<Record<string, boolean>> = { 'z,y,x': false, 'x,y,z': true }

export interface JsonSynapses {
  readonly synapses: RawSynapses
  /** Whether the columns are x y z; undefined when the file does not say. */
  readonly reversed: boolean | undefined
}

/**
 * Both forms of files of synapses (specification 2.13): lists `pre`, `post`, …, or a member `{ coord, postsynapses }` for each
 * synapse.
 * @throws synapses-invalid
 */
export function synapsesFromJson(text: string, file: string): JsonSynapses {
  const invalid = (what: string, cause?: unknown) =>
    chunkflowError('synapses-invalid', `${file}: ${what}`, {
      fix: 'write { order, resolution, pre, post } or a member { coord, postsynapses } for each synapse',
      ...(cause === undefined ? {} : { cause }),
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid(`not JSON: ${(cause as Error).message}`, cause)
  }
  if (!isObject(value)) throw invalid('an object is expected')
  const { order } = value
  const reversed = order === undefined ? undefined : ORDERS[String(order)]
  if (order !== undefined && reversed === undefined) throw invalid(`the order is ${JSON.stringify(order)}`)

  const numbers = (name: string): number[] | undefined => {
    const list = value[name]
    if (list === undefined || list === null) return undefined
    if (!isNumbers(list)) throw invalid(`${name} is no list of numbers`)
    return list
  }
  const rows = (name: string, list: unknown, columns: number): PlainArray => {
    if (!Array.isArray(list) || !list.every((row) => isNumbers(row) && row.length === columns))
      throw invalid(`${name} is no list of rows of ${columns} numbers`)
    return { shape: [list.length, columns], dtype: 'float64', data: Float64Array.from(list.flat()) }
  }
  const users = value.users
  if (users !== undefined && !(Array.isArray(users) && users.every((name) => typeof name === 'string')))
    throw invalid('users is no list of names')

  const lists =
    'pre' in value ? { pre: value.pre, post: value.post ?? undefined } : listsOfEntries(value, invalid)
  return {
    reversed,
    synapses: {
      pre: rows('pre', lists.pre, 3),
      post: lists.post === undefined ? undefined : rows('post', lists.post, 4),
      resolution: numbers('resolution'),
      preConfidence: numbers('pre_confidence'),
      postConfidence: numbers('post_confidence'),
      users,
      preUsers: numbers('pre_users'),
      postUsers: numbers('post_users'),
    },
  }
}

/** Members that are no synapses. */
const KNOWN: ReadonlySet<string> = new Set(['order', 'resolution', 'users'])

/** One member a synapse, in the order of the file. */
function listsOfEntries(
  value: Members,
  invalid: (what: string) => Error,
): { pre: unknown[]; post: unknown[] | undefined } {
  const pre: unknown[] = []
  const post: unknown[] = []
  for (const [name, entry] of Object.entries(value)) {
    if (!isObject(entry) || !('coord' in entry)) continue
    const { coord, postsynapses = [] } = entry
    if (!Array.isArray(postsynapses)) throw invalid(`the postsynapses of "${name}" are no list`)
    for (const place of postsynapses) {
      if (!isNumbers(place)) throw invalid(`a postsynapse of "${name}" is not three numbers`)
      post.push([pre.length, ...place])
    }
    pre.push(coord)
  }
  const unknown = Object.keys(value).filter((name) => !KNOWN.has(name))
  if (pre.length === 0 && unknown.length > 0)
    throw invalid(`it has ${unknown.slice(0, 3).join(', ')}, but no synapse`)
  return { pre, post: post.length === 0 ? undefined : post }
}

/** Lists of z y x, with their order and resolution. */
export function jsonFromSynapses(synapses: Synapses): string {
  const { pre, post, users } = synapses
  const list = (values: ArrayLike<number> | undefined) =>
    values === undefined ? undefined : Array.from(values)
  const members = {
    order: ['z', 'y', 'x'],
    resolution: synapses.resolution,
    pre: rowsOf(pre),
    post: post === null ? undefined : rowsOf(post),
    pre_confidence: list(synapses.preConfidence)?.map(shortest),
    post_confidence: list(synapses.postConfidence)?.map(shortest),
    users,
    pre_users: list(synapses.preUsers),
    post_users: list(synapses.postUsers),
  }
  return `${JSON.stringify(members)}\n`
}

/** Nine digits tell 32-bit floats apart. */
const shortest = (value: number): number => Number(value.toPrecision(9))

function rowsOf({ shape, data }: PlainArray): number[][] {
  const [count, columns] = shape as [number, number]
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: columns }, (_, column) => Number(data[row * columns + column])),
  )
}

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((part) => typeof part === 'number')
