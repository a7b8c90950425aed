import { type BoundingBox, chunkflowError, type Files, formatBox } from '@chunkflow/sdk'

/** The path itself when it ends in .npy, else a folder or prefix to which a box is added. */
export async function npyFile(files: Files, path: string, box: BoundingBox | undefined): Promise<string> {
  if (path.endsWith('.npy')) return path
  if (box === undefined)
    throw chunkflowError('task-no-bbox', 'There is no box to name the file by', {
      fix: 'give a file name that ends in .npy',
    })
  const separator = (await files.status(path))?.kind === 'directory' && !path.endsWith('/') ? '/' : ''
  return `${path}${separator}${formatBox(box)}.npy`
}
