import {
  type BoundingBox,
  chunkflowError,
  type Files,
  formatBox,
  optionalBoxOf,
  type Task,
} from '@chunkflow/sdk'

/** True for the name of one file, false for a prefix or a folder of files that are named by their boxes. */
export const namesOneFile = (path: string): boolean => /\.npy$/i.test(path)

/** `<prefix><box>.npy`, or `<folder>/<box>.npy`. */
export async function fileOfBox(files: Files, prefix: string, box: BoundingBox): Promise<string> {
  const isFolder = (await files.status(prefix))?.kind === 'directory'
  return `${prefix}${isFolder && !prefix.endsWith('/') ? '/' : ''}${formatBox(box)}.npy`
}

export interface Source {
  readonly file: string
  /** The box that names the file, if one does. */
  readonly box: BoundingBox | undefined
}

/** The file to read, or null when it is empty. @throws npy-missing */
export async function findSource(files: Files, path: string, task: Task): Promise<Source | null> {
  const box = namesOneFile(path) ? undefined : optionalBoxOf(task)
  const file = box === undefined ? path : await fileOfBox(files, path, box)
  const status = await files.status(file)
  if (status?.kind !== 'file')
    throw chunkflowError('npy-missing', `There is no file ${file}`, {
      fix:
        namesOneFile(path) || box !== undefined
          ? 'check the path'
          : 'check the path; for a prefix start the chain with tasks that have a box',
    })
  return status.bytes === 0 ? null : { file, box }
}
