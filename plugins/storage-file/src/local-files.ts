import { mkdir, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Files } from '@chunkflow/sdk'
import { isTemporary, writeAtomically } from './atomic-write.js'
import { fileFailure, isSystemError } from './failures.js'
import { resolvePath } from './paths.js'

/** FILES: this machine's files, relative to the working directory. */
export function createFiles(): Files {
  const reading = async <T>(file: string, action: Promise<T>): Promise<T> => {
    try {
      return await action
    } catch (error) {
      throw fileFailure('read', file, error)
    }
  }
  const files: Files = {
    resolve: resolvePath,
    status: async (file) => {
      try {
        const status = await stat(resolvePath(file))
        return { kind: status.isDirectory() ? 'directory' : 'file', bytes: status.size }
      } catch (error) {
        if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
        throw fileFailure('read', file, error)
      }
    },
    read: (file) => reading(file, readFile(resolvePath(file))),
    list: async (file) =>
      (await reading(file, readdir(resolvePath(file)))).filter((name) => !isTemporary(name)).sort(),
    writeAtomic: (file, produce) => writeAtomically(resolvePath(file), produce),
    write: (file, bytes) => files.writeAtomic(file, (temporary) => writeFile(temporary, bytes)),
    touch: async (file) => {
      const target = resolvePath(file)
      try {
        await mkdir(path.dirname(target), { recursive: true })
        await (await open(target, 'a')).close()
        const now = new Date()
        await utimes(target, now, now)
      } catch (error) {
        throw fileFailure('write', target, error)
      }
    },
    remove: async (file) => {
      await rm(resolvePath(file), { force: true }).catch((error: unknown) => {
        throw fileFailure('write', file, error)
      })
    },
  }
  return files
}
