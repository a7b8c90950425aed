import path from 'node:path'
import type { AnyOperator, Chunk, Synapses } from '@chunkflow/sdk'
import {
  askPython,
  inlineCompute,
  type OperatorResult,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import loadH5 from '../operators/load-h5.js'
import saveH5 from '../operators/save-h5.js'
import { hdf5Tables } from '../tables.js'

type Values = Readonly<Record<string, unknown>>

/** A folder with the two operators at work in it. */
export function h5Folder() {
  const folder = temporaryFolder()
  const files = testFiles(folder.path)
  const compute = inlineCompute()
  const entry = new URL('../hdf5.worker.ts', import.meta.url)
  const tables = hdf5Tables(files, compute, entry)
  const run = (
    definition: AnyOperator,
    options: Values,
    variables: Values,
    more: { dryRun?: boolean } = {},
  ): Promise<OperatorResult> =>
    runOperator(definition, {
      options: options as never,
      variables,
      services: { files, compute, tables },
      workers: { hdf5: entry },
      ...more,
    })
  return {
    ...folder,
    files,
    compute,
    entry,
    tables,
    file: (name: string): string => path.join(folder.path, name),
    save: (
      chunk: Chunk | Synapses | null,
      options: Values,
      variables: Values = {},
      more: { dryRun?: boolean } = {},
    ) => run(saveH5, options, { chunk, ...variables }, more),
    load: (options: Values, variables: Values = {}, more: { dryRun?: boolean } = {}) =>
      run(loadH5, options, variables, more),
    /** What load-h5 leaves in `chunk`. */
    read: async (options: Values, variables: Values = {}): Promise<Chunk> =>
      (await run(loadH5, options, variables)).task.get<Chunk>('chunk'),
    /** Runs Python with h5py and numpy in the folder; null, and a line on the console, when it is missing. */
    python: (code: string): string | null =>
      askPython(['h5py', 'numpy'], `import h5py, numpy as np\n${code}`, { cwd: folder.path }),
  }
}
