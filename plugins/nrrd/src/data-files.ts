import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { chunkflowError } from '@chunkflow/sdk'
import type { NrrdHeader } from './header.js'

/** A file of elements, all of them of one size. */
export interface DataFile {
  readonly file: string
  /** Where lines and bytes to skip begin: behind the header, or 0. */
  readonly start: number
}

/**
 * The files with the elements of a header.
 * @param headerEnd where the data begin when they follow the header
 * @throws nrrd-unreadable for files outside the folder of the header, and a number of files that does not divide the array
 */
export async function dataFilesOf(
  header: NrrdHeader,
  headerFile: string,
  headerEnd: number,
): Promise<readonly DataFile[]> {
  if (header.dataFiles === undefined) return [{ file: headerFile, start: headerEnd }]
  const { names } = header.dataFiles
  checkDivision(header, headerFile)
  const folder = path.dirname(headerFile)
  const realFolder = await realpath(folder)
  return Promise.all(
    names.map(async (name) => ({ file: await inside(folder, realFolder, name, headerFile), start: 0 })),
  )
}

/** A header may come from anywhere: it must not make readers open what lies elsewhere, by name or by link. */
async function inside(folder: string, realFolder: string, name: string, headerFile: string): Promise<string> {
  const file = path.resolve(folder, name)
  const real = await realpath(file).catch((cause: NodeJS.ErrnoException) => {
    if (leaves(folder, file)) return undefined
    throw chunkflowError(
      cause.code === 'ENOENT' ? 'nrrd-missing' : 'nrrd-unreadable',
      `The data file of ${headerFile}, ${name}, ${cause.code === 'ENOENT' ? 'does not exist' : `cannot be opened: ${cause.message}`}`,
      { fix: 'keep the data file beside its header', cause },
    )
  })
  if (real === undefined || path.isAbsolute(name) || leaves(folder, file) || leaves(realFolder, real))
    throw chunkflowError(
      'nrrd-unreadable',
      `The data file of ${headerFile}, ${name}, lies outside the folder of the header`,
      {
        fix: 'move the data file beside its header and name it without a folder',
      },
    )
  return file
}

const leaves = (folder: string, file: string): boolean => {
  const relative = path.relative(folder, file)
  return /^\.\.([/\\]|$)/.test(relative) || path.isAbsolute(relative)
}

function checkDivision({ sizes, dataFiles }: NrrdHeader, headerFile: string): void {
  const { names, subdimension } = dataFiles!
  const given = subdimension ?? (names.length === 1 ? sizes.length : sizes.length - 1)
  const product = (list: readonly number[]): number => list.reduce((left, right) => left * right, 1)
  const fits =
    given >= 1 &&
    given <= sizes.length &&
    (given === sizes.length
      ? sizes.at(-1)! % names.length === 0
      : product(sizes.slice(given)) === names.length)
  if (!fits)
    throw chunkflowError(
      'nrrd-unreadable',
      `${headerFile} names ${names.length} data files, which do not make up its sizes ${sizes.join(' ')}`,
      { fix: 'name every file once, the first section first' },
    )
}
