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

/**
 * What store and path say, before anything is opened.
 * @throws zarr-unsupported for archives, zarr-options for a path that leaves its store
 */
export function checkPlace({ store, path }: { store: string; path: string | undefined }): void {
  parseLocation(store)
  if (path?.split('/').includes('..'))
    throw chunkflowError('zarr-options', `--path ${path} leads out of the store`, {
      where: store,
      fix: 'give names within the store, such as volumes/raw, or another store',
    })
}

/** @throws zarr-unsupported, zarr-options when a path asks for another format than that of a new array */
export function requireFormat(driver: Driver, format: 2 | 3, where: string): void {
  if (driver === 'n5')
    throw chunkflowError('zarr-unsupported', `No array can be made at ${where}: N5 is read, not written`, {
      where,
      fix: 'save to a Zarr array: leave n5:// out',
    })
  if (driver !== 'any' && driver !== `zarr${format}`)
    throw chunkflowError(
      'zarr-options',
      `${where} asks for ${driver}, the new array would be Zarr ${format}`,
      {
        where,
        fix: `leave ${driver}:// out, or make it an array of that format: save-zarr --zarr-format ${driver.at(-1)}`,
      },
    )
}

/** True for paths that ask for one of the formats. No I/O. */
export const asksForZarr = (text: string): boolean => PREFIX.test(text) || SUFFIX.test(text)

/** True for archives, which are not looked into. No I/O. */
export const isArchive = (text: string): boolean => ZIP.test(text)

/** True for paths that ask for one of the formats, or are named like a Zarr or N5 store. No I/O. */
export const namesZarr = (text: string): boolean => asksForZarr(text) || /[^/]\.(zarr|n5)\/*$/i.test(text)
