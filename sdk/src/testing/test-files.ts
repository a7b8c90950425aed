import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Files } from '../contracts/files.js'

/** An empty folder for one test, and its removal. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'chunkflow-test-'))
  mkdirSync(folder, { recursive: true })
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** FILES for tests: real files, relative paths below `root`. */
export function testFiles(root: string): Files {
  const resolve = (file: string): string => path.resolve(root, file)
  const writeAtomic: Files['writeAtomic'] = async (file, produce) => {
    const target = resolve(file)
    await mkdir(path.dirname(target), { recursive: true })
    const temporary = `${target}.tmp`
    try {
      await produce(temporary)
      await rename(temporary, target)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }
  return {
    resolve,
    status: async (file) => {
      const found = await stat(resolve(file)).catch(() => null)
      return found === null ? null : { kind: found.isDirectory() ? 'directory' : 'file', bytes: found.size }
    },
    read: (file) => readFile(resolve(file)),
    list: async (file) => (await readdir(resolve(file))).sort(),
    writeAtomic,
    write: (file, bytes) => writeAtomic(file, (temporary) => writeFile(temporary, bytes)),
    touch: async (file) => {
      await mkdir(path.dirname(resolve(file)), { recursive: true })
      await writeFile(resolve(file), '', { flag: 'a' })
      const now = new Date()
      await utimes(resolve(file), now, now)
    },
    remove: (file) => rm(resolve(file), { force: true }),
  }
}
