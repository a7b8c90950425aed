import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'

/**
 * Makes a folder and the folders above it that are missing. Node's own way (`recursive`) never ends where a folder cannot be
 * made although the one above it is there: below /proc, or at the root of an automounter.
 * @throws what the file system says
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return
    const parent = path.dirname(folder)
    if (code !== 'ENOENT' || parent === folder) throw error
    await makeFolder(parent)
    await mkdir(folder).catch((again: NodeJS.ErrnoException) => {
      // somebody else was faster
      if (again.code !== 'EEXIST') throw again
    })
  }
}
