import { type Chunk, chunkBox, chunkflowError, type Files, formatBox } from '@chunkflow/sdk'

/** True for the names of files of the format: `.nrrd` with data, `.nhdr` for a header beside its data. */
export const namesNrrd = (path: string): boolean => /\.(nrrd|nhdr)$/i.test(path)

/**
 * The file that save-nrrd writes: as named; `<name>_<box>.nrrd` without an extension; `<box>.nrrd` without a name, in a folder
 * that exists or ends in `/`.
 * @throws nrrd-options for other extensions
 */
export async function fileOfChunk(files: Files, name: string | undefined, chunk: Chunk): Promise<string> {
  const ofBox = `${formatBox(chunkBox(chunk))}.nrrd`
  if (name === undefined || name === '') return ofBox
  if (name.endsWith('/')) return `${name}${ofBox}`
  if (/\.nrrd$/i.test(name)) return name
  if (/\.nhdr$/i.test(name))
    throw chunkflowError(
      'nrrd-options',
      `${name} would be two files, of which one may be there without the other`,
      {
        fix: 'write one file, whose name ends in .nrrd; unu save makes a header of it',
      },
    )
  return (await files.status(name))?.kind === 'directory' ? `${name}/${ofBox}` : `${name}_${ofBox}`
}
