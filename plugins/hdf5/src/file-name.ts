import { type BoundingBox, chunkflowError, type Files, formatBox } from '@chunkflow/sdk'

/** True for the name of one file, false for a prefix or a folder of files that are named by their boxes. */
export const namesOneFile = (path: string): boolean => /\.(h5|hdf5?)$/i.test(path)

/** `<prefix><box>.h5`, or `<folder>/<box>.h5`. */
export async function fileOfBox(files: Files, prefix: string, box: BoundingBox): Promise<string> {
  const isFolder = (await files.status(prefix))?.kind === 'directory'
  return `${prefix}${isFolder && !prefix.endsWith('/') ? '/' : ''}${formatBox(box)}.h5`
}

/**
 * The file to read: the named one, else the one of a box under the prefix. Null when it is empty, or missing under its prefix.
 * @throws hdf5-missing when the named file does not exist, unless it is `optional`
 */
export async function findSource(
  files: Files,
  path: string,
  box: BoundingBox | undefined,
  { optional }: { optional: boolean },
): Promise<string | null> {
  const status = await files.status(path)
  if (status?.kind === 'file') return status.bytes > 0 ? path : null
  if (!namesOneFile(path) && box !== undefined) {
    const named = await fileOfBox(files, path, box)
    const found = await files.status(named)
    return found?.kind === 'file' && found.bytes > 0 ? named : null
  }
  if (optional) return null
  throw chunkflowError('hdf5-missing', `There is no file ${path}`, {
    fix: namesOneFile(path)
      ? 'check the path'
      : 'check the path; for a prefix give a task with a box, or --cutout-start and --cutout-size',
  })
}
