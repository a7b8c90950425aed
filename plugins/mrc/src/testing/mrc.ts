import path from 'node:path'
import { askPython, runOperator, temporaryFolder, testFiles } from '@chunkflow/sdk/testing'
import loadMrc from '../operators/load-mrc.js'
import saveMrc from '../operators/save-mrc.js'

type Values = Readonly<Record<string, unknown>>

/** A folder with the two operators at work in it. */
export function mrcFolder() {
  const folder = temporaryFolder()
  const files = testFiles(folder.path)
  const services = { files }
  return {
    ...folder,
    files,
    file: (name: string): string => path.join(folder.path, name),
    save: (chunk: unknown, options: Values = {}, more: { dryRun?: boolean } = {}) =>
      runOperator(saveMrc, { options: options as never, variables: { chunk }, services, ...more }),
    load: async <T>(fileName: string, options: Values = {}, variables: Values = {}): Promise<T> =>
      (
        await runOperator(loadMrc, { options: { fileName, ...options } as never, variables, services })
      ).task.get<T>('chunk'),
    /** Runs Python with mrcfile in the folder; null, and a line on the console, when it is missing. */
    python: (code: string): string | null =>
      askPython(['mrcfile'], `import mrcfile, numpy as np\n${code}`, { cwd: folder.path }),
  }
}
