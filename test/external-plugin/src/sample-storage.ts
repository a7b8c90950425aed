import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Storage, StorageDriver } from '@chunkflow/sdk'

/** `sample://name`: a folder in the system's temporary directory, to prove that schemes can come from outside. */
export function sampleDriver(): StorageDriver {
  return {
    open: (url) =>
      openFolder(
        url,
        path.join(process.env.SAMPLE_STORAGE ?? tmpdir(), new URL(url).hostname + new URL(url).pathname),
      ),
  }
}

function openFolder(root: string, folder: string): Storage {
  const fileOf = (key: string): string => path.join(folder, key)
  // what HTTP stores keep as a header
  const encodingOf = (key: string): string =>
    path.join(folder, path.dirname(key), `.${path.basename(key)}.encoding`)
  const orNull = (error: NodeJS.ErrnoException): null => {
    if (error.code === 'ENOENT') return null
    throw error
  }
  return {
    root,
    read: async (key) => {
      const bytes = await readFile(fileOf(key)).catch(orNull)
      const contentEncoding = (await readFile(encodingOf(key), 'utf8').catch(orNull)) ?? undefined
      return bytes === null ? null : { bytes, ...(contentEncoding === undefined ? {} : { contentEncoding }) }
    },
    readRange: async (key, start, length) => {
      const bytes = await readFile(fileOf(key)).catch(orNull)
      if (bytes === null) return null
      const first = start < 0 ? bytes.length + start : start
      return bytes.subarray(first, first + length)
    },
    write: async (key, bytes, { contentEncoding } = {}) => {
      await mkdir(path.dirname(fileOf(key)), { recursive: true })
      if (contentEncoding === undefined) await rm(encodingOf(key), { force: true })
      else await writeFile(encodingOf(key), contentEncoding)
      await writeFile(`${fileOf(key)}.part`, bytes)
      await rename(`${fileOf(key)}.part`, fileOf(key))
    },
    size: async (key) => (await stat(fileOf(key)).catch(orNull))?.size ?? null,
    async *list(prefix) {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
        const key = path.relative(folder, path.join(entry.parentPath, entry.name))
        if (entry.isFile() && !entry.name.startsWith('.') && key.startsWith(prefix)) yield key
      }
    },
    delete: (key) => rm(fileOf(key), { force: true }),
  }
}
