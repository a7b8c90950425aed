import path from 'node:path'
import { askPython, runOperator, temporaryFolder, testFiles } from '@chunkflow/sdk/testing'
import loadNpy from '../operators/load-npy.js'
import saveNpy from '../operators/save-npy.js'

type Values = Readonly<Record<string, unknown>>

/** A folder with the two operators at work in it. */
export function npyFolder() {
  const folder = temporaryFolder()
  const files = testFiles(folder.path)
  const services = { files }
  return {
    ...folder,
    files,
    file: (name: string): string => path.join(folder.path, name),
    save: (value: unknown, options: Values, variables: Values = {}, more: { dryRun?: boolean } = {}) =>
      runOperator(saveNpy, {
        options: options as never,
        variables: { chunk: value, ...variables },
        services,
        ...more,
      }),
    load: async <T>(options: Values, variables: Values = {}, name = 'chunk'): Promise<T> =>
      (await runOperator(loadNpy, { options: options as never, variables, services })).task.get<T>(name),
    /** Runs Python with numpy in the folder; null, and a line on the console, when it is missing. */
    python: (code: string): string | null =>
      askPython(['numpy'], `import numpy as np\n${code}`, { cwd: folder.path }),
  }
}
