import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { askPython, runOperator, temporaryFolder, testFiles } from '@chunkflow/sdk/testing'
import loadNrrd from '../operators/load-nrrd.js'
import saveNrrd from '../operators/save-nrrd.js'

type Values = Readonly<Record<string, unknown>>

/** A folder with the two operators at work in it. */
export function nrrdFolder() {
  const folder = temporaryFolder()
  const files = testFiles(folder.path)
  const services = { files }
  const file = (name: string): string => path.join(folder.path, name)
  return {
    ...folder,
    files,
    file,
    /** A header of these lines, an empty line, and data. */
    write: (name: string, lines: readonly string[], data: Uint8Array | string = ''): void =>
      writeFileSync(file(name), Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`), Buffer.from(data)])),
    save: (chunk: unknown, options: Values = {}, more: { dryRun?: boolean } = {}) =>
      runOperator(saveNrrd, { options: options as never, variables: { chunk }, services, ...more }),
    load: async <T>(fileName: string, options: Values = {}): Promise<T> =>
      (await runOperator(loadNrrd, { options: { fileName, ...options } as never, services })).task.get<T>(
        'chunk',
      ),
    /** Runs Python with numpy, and a reader of NRRD made of nothing else, in the folder; null when it is missing. */
    python: (code: string): string | null =>
      askPython(['numpy'], `${PYTHON_READER}\n${code}`, { cwd: folder.path }),
    /** Runs teem's own command in the folder; null, and a line on the console, when it is missing. */
    unu: (...args: readonly string[]): string | null => {
      const command = UNU.find((name) => existsSync(name))
      if (command === undefined) {
        console.log('skipped: needs teem-apps')
        return null
      }
      return execFileSync(command, args, { cwd: folder.path, encoding: 'utf8' }).trim()
    },
  }
}

/** As Debian names it, and as everybody else does. */
const UNU = ['/usr/bin/teem-unu', '/usr/bin/unu', '/usr/local/bin/unu']

/** Returns the array with its axes as in the header (fastest first), and the fields. */
const PYTHON_READER = `
import gzip, numpy as np
def read_nrrd(name):
    head, data = open(name, 'rb').read().split(b'\\n\\n', 1)
    fields = dict(line.split(': ', 1) for line in head.decode().split('\\n')[1:])
    types = {'float': 'f4', 'double': 'f8'}
    dtype = np.dtype(types.get(fields['type'], fields['type'])).newbyteorder('<')
    data = gzip.decompress(data) if fields['encoding'] == 'gzip' else data
    return np.frombuffer(data, dtype).reshape([int(n) for n in fields['sizes'].split()], order='F'), fields`
