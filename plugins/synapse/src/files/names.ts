import { boxOf, chunkflowError, type Files, formatBox, optionalBoxOf, type Task } from '@chunkflow/sdk'

const IS_FILE = /\.(h5|hdf5?|json)$/i

export const isJson = (path: string): boolean => /\.json$/i.test(path)

/**
 * The file to read: the path itself when there is such a file, else the one that the task's box names in a folder or under a
 * prefix, with the suffix.
 * @throws synapses-missing, task-no-bbox
 */
export async function synapsesFile(files: Files, path: string, suffix: string, task: Task): Promise<string> {
  const status = await files.status(path)
  if (status?.kind === 'file') return path
  if (status === null && IS_FILE.test(path)) throw missing(path)
  const box = formatBox(boxOf(task))
  const named = `${status?.kind === 'directory' ? folder(path) : path}${box}${suffix}`
  const candidates = IS_FILE.test(named) ? [named] : [named, `${named}.h5`]
  for (const candidate of candidates) if ((await files.status(candidate))?.kind === 'file') return candidate
  throw missing(candidates.at(-1)!)
}

const missing = (path: string) =>
  chunkflowError('synapses-missing', `There is no file ${path}`, {
    fix: 'check --file-path and --suffix; a folder or prefix is followed by the box of the task',
  })

/** The file to write: the named one, else `<folder or prefix><box>.h5`; a prefix alone where there is no box. */
export async function targetFile(files: Files, path: string, task: Task): Promise<string> {
  if (IS_FILE.test(path)) return path
  const box = optionalBoxOf(task)
  const isFolder = (await files.status(path))?.kind === 'directory'
  if (isFolder && box === undefined)
    throw chunkflowError(
      'synapses-options',
      `${path} is a folder, and there is no box to name a file in it by`,
      {
        fix: 'give a --file-path that ends in .h5 or .json, or start the chain with tasks that have a box',
      },
    )
  return `${isFolder ? folder(path) : path}${box === undefined ? '' : formatBox(box)}.h5`
}

const folder = (path: string): string => (path.endsWith('/') ? path : `${path}/`)
