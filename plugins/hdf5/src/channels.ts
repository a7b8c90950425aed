import { chunkflowError } from '@chunkflow/sdk'

/** Which channels to read. */
export interface ChannelSelection {
  /** One channel by number: its axis is dropped. */
  readonly single: boolean
  resolve(count: number): readonly number[]
}

/** Reads `2`, `-1`, `[0,2]`, `0:2`, `slice(0,2)`, `slice(2)`. @throws hdf5-options */
export function parseChannels(text: string): ChannelSelection {
  const bare = text.replaceAll(/\s/g, '')
  if (/^-?\d+$/.test(bare)) return { single: true, resolve: (count) => [wrap(Number(bare), count)] }
  const list = /^[[(](-?\d+(?:,-?\d+)*),?[\])]$/.exec(bare)
  if (list !== null)
    return { single: false, resolve: (count) => list[1]!.split(',').map((word) => wrap(Number(word), count)) }
  const range =
    /^(-?\d+)?:(-?\d+)?$/.exec(bare) ??
    /^slice\((-?\d+|None),(-?\d+|None)\)$/.exec(bare) ??
    /^slice\(()(-?\d+)\)$/.exec(bare)
  if (range === null)
    throw chunkflowError('hdf5-options', `--channels "${text}" is not understood`, {
      fix: 'write 0, [0,2], 0:2 or slice(0,2)',
    })
  const bound = (word: string | undefined, fallback: number, count: number): number =>
    word === undefined || word === '' || word === 'None'
      ? fallback
      : Math.max(0, Math.min(count, wrap(Number(word), count)))
  return {
    single: false,
    resolve: (count) => {
      const start = bound(range[1], 0, count)
      return Array.from(
        { length: Math.max(0, bound(range[2], count, count) - start) },
        (_, index) => start + index,
      )
    },
  }
}

/** Negative numbers count from the end, as in Python. */
const wrap = (index: number, count: number): number => (index < 0 ? index + count : index)
