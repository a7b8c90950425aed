import { chunkflowError } from '@chunkflow/sdk'

/** Which channels to read. */
export interface ChannelSelection {
  /** One channel by its number: the axis is dropped. */
  readonly single: boolean
  /** Their numbers among `count`; some may lie outside. */
  resolve(count: number): readonly number[]
}

/** Reads `2`, `-1`, `[0,2]`, `0:2`, `slice(0,2)`, `slice(2)` as Python does. @throws hdf5-options */
export function parseChannels(text: string): ChannelSelection {
  const bare = text.replaceAll(/\s/g, '')
  if (/^-?\d+$/.test(bare)) return { single: true, resolve: (count) => [fromEnd(Number(bare), count)] }
  const list = /^[[(](-?\d+(?:,-?\d+)*),?[\])]$/.exec(bare)
  if (list !== null) {
    const numbers = list[1]!.split(',').map(Number)
    return { single: false, resolve: (count) => numbers.map((number) => fromEnd(number, count)) }
  }
  const range =
    /^(-?\d+)?:(-?\d+)?$/.exec(bare) ??
    /^slice\((-?\d+|None),(-?\d+|None)\)$/.exec(bare) ??
    /^slice\(()(-?\d+)\)$/.exec(bare)
  if (range === null)
    throw chunkflowError('hdf5-options', `--channels "${text}" is not understood`, {
      fix: 'write 0, [0,2], 0:2 or slice(0,2)',
    })
  return {
    single: false,
    resolve: (count) => {
      const start = rangeEnd(range[1], 0, count)
      const length = Math.max(0, rangeEnd(range[2], count, count) - start)
      return Array.from({ length }, (_, index) => start + index)
    },
  }
}

/** Negative numbers count from the end. */
const fromEnd = (index: number, count: number): number => (index < 0 ? index + count : index)

/** An end of a range, which never reaches outside. */
const rangeEnd = (word: string | undefined, fallback: number, count: number): number =>
  word === undefined || word === '' || word === 'None'
    ? fallback
    : Math.max(0, Math.min(count, fromEnd(Number(word), count)))

/**
 * The channels to read of an array of (c)zyx sizes, [0] for one without channels.
 * @throws hdf5-options when the array has no channels to select from, or not these
 */
export function selectChannels(
  shape: readonly number[],
  selection: ChannelSelection | undefined,
  path: string,
): readonly number[] {
  const count = shape.length === 4 ? shape[0]! : undefined
  if (count === undefined) {
    if (selection === undefined) return [0]
    throw chunkflowError('hdf5-options', `The array of ${path} has no channel axis to select from`, {
      fix: 'leave --channels out',
    })
  }
  const channels = selection?.resolve(count) ?? Array.from({ length: count }, (_, index) => index)
  const outside = channels.find((channel) => channel < 0 || channel >= count)
  if (outside !== undefined || (selection !== undefined && channels.length === 0))
    throw chunkflowError(
      'hdf5-options',
      `The array of ${path} has ${count} channels: --channels selects ${outside === undefined ? 'none' : 'others'}`,
      { fix: `select from 0 to ${count - 1}` },
    )
  return channels
}
