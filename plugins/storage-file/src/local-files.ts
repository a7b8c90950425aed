import { open, readdir, realpath, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Files } from '@chunkflow/sdk'
import { makeFolder } from '@chunkflow/sdk/storage'
import { isTemporary, writeAtomically } from './atomic-write.js'
import { fileFailure, isMissing } from './failures.js'
import { resolvePath } from './paths.js'
import { readWhole } from './read-bytes.js'

/** FILES: this machine's files, relative to the working directory. */
export function createFiles(): Files {
  const reading = async <T>(file: string, action: (target: string) => Promise<T>): Promise<T> => {
    const target = resolvePath(file)
    try {
      return await action(target)
    } catch (error) {
      throw fileFailure('read', file, error)
    }
  }
  const writing = async (file: string, action: (target: string) => Promise<void>): Promise<void> => {
    const target = resolvePath(file)
    try {
      await action(target)
    } catch (error) {
      throw fileFailure('write', file, error)
    }
  }
  const files: Files = {
    resolve: resolvePath,
    status: async (file) => {
      try {
        const status = await stat(resolvePath(file))
        return { kind: status.isDirectory() ? 'directory' : 'file', bytes: status.size }
      } catch (error) {
        if (isMissing(error)) return null
        throw fileFailure('read', file, error)
      }
    },
    read: (file) => reading(file, readWhole),
    list: async (file) =>
      (await reading(file, (target) => readdir(target))).filter((name) => !isTemporary(name)).sort(),
    writeAtomic: async (file, produce) => {
      const target = resolvePath(file)
      // a link stays a link: the file it points to is replaced
      await writeAtomically(await realpath(target).catch(() => target), produce)
    },
    write: (file, bytes) => files.writeAtomic(file, (temporary) => writeFile(temporary, bytes)),
    touch: (file) =>
      writing(file, async (target) => {
        await makeFolder(path.dirname(target))
        await (await open(target, 'a')).close()
        const now = new Date()
        await utimes(target, now, now)
      }),
    remove: (file) => writing(file, (target) => rm(target, { force: true })),
  }
  return files
}
