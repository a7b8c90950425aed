import { boxOf, type Files, formatBox, type Task } from '@chunkflow/sdk'

/** The path itself when it ends in .json; else a folder or prefix to which the task's box is added. */
export async function jsonFile(files: Files, path: string, task: Task): Promise<string> {
  if (path.endsWith('.json')) return path
  const separator = (await files.status(path))?.kind === 'directory' && !path.endsWith('/') ? '/' : ''
  return `${path}${separator}${formatBox(boxOf(task))}.json`
}
