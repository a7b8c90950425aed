import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Reply, Route } from './reply.js'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}

/** Serves the files of one folder. Names are looked up in its list: nothing that is asked for becomes a path. */
export async function staticFiles(folder: string): Promise<Route> {
  const names = new Map(
    (await readdir(folder, { withFileTypes: true }))
      .filter((entry) => entry.isFile() && Object.hasOwn(TYPES, path.extname(entry.name)))
      .map(({ name }) => [name, path.join(folder, name)]),
  )
  return async ({ method, path: wanted }): Promise<Reply | undefined> => {
    const name = wanted === '' ? 'index.html' : wanted
    const file = names.get(name)
    if (method !== 'GET' || file === undefined) return undefined
    return { status: 200, type: TYPES[path.extname(name)]!, body: await readFile(file), isStatic: true }
  }
}
