import { chunkflowError } from '@chunkflow/sdk'

/** Which metadata are looked for. */
export type Driver = 'any' | 'zarr2' | 'zarr3' | 'n5'

export interface Location {
  /** Without what names the format. */
  readonly path: string
  readonly driver: Driver
}

const PREFIX = /^(zarr[23]?|n5):\/\//i
const SUFFIX = /\|(zarr[23]?|n5):?\/*$/i
const ZIP = /\.(zip|tar|tgz|gz)(\/|$)/i

/**
 * What a path says of its format: `zarr://`, `zarr2://`, `zarr3://` or `n5://` before it, or `|zarr:` behind it.
 * @throws zarr-unsupported for archives
 */
export function parseLocation(text: string): Location {
  const named = (PREFIX.exec(text)?.[1] ?? SUFFIX.exec(text)?.[1])?.toLowerCase()
  const path = text.replace(PREFIX, '').replace(SUFFIX, '')
  if (ZIP.test(path))
    throw chunkflowError(
      'zarr-unsupported',
      `${path} is an archive: arrays within archives cannot be read here`,
      {
        where: path,
        fix: 'unpack it, and give the folder',
      },
    )
  return { path, driver: named === undefined || named === 'zarr' ? 'any' : (named as Driver) }
}

/** True for paths that ask for one of the formats. No I/O. */
export const asksForZarr = (text: string): boolean => PREFIX.test(text) || SUFFIX.test(text)

/** True for archives, which are not looked into. No I/O. */
export const isArchive = (text: string): boolean => ZIP.test(text)

/** True for paths that ask for one of the formats, or are named like a Zarr or N5 store. No I/O. */
export const namesZarr = (text: string): boolean => asksForZarr(text) || /[^/]\.(zarr|n5)\/*$/i.test(text)
