import path from 'node:path'
import type { AnyOperator } from '@chunkflow/sdk'
import {
  askPython,
  inlineCompute,
  type OperatorResult,
  runOperator,
  temporaryFolder,
  testFiles,
} from '@chunkflow/sdk/testing'
import { hdf5Tables } from '../../../hdf5/src/tables.js'

type Values = Readonly<Record<string, unknown>>

/** A folder in which operators for synapses and points work. */
export function synapseFolder() {
  const folder = temporaryFolder()
  const files = testFiles(folder.path)
  const compute = inlineCompute()
  const entry = new URL('../../../hdf5/src/hdf5.worker.ts', import.meta.url)
  const hdf5 = hdf5Tables(files, compute, entry)
  return {
    files,
    file: (name: string): string => path.join(folder.path, name),
    run: (
      definition: AnyOperator,
      options: Values,
      variables: Values = {},
      more: { dryRun?: boolean } = {},
    ): Promise<OperatorResult> =>
      runOperator(definition, {
        options: options as never,
        variables,
        services: { files, compute, hdf5 },
        ...more,
      }),
    /** Runs Python with h5py and numpy in the folder; null, and a line on the console, when it is missing. */
    python: (code: string): string | null =>
      askPython(['h5py', 'numpy'], `import h5py, numpy as np\n${code}`, { cwd: folder.path }),
    async remove(): Promise<void> {
      await hdf5.dispose()
      folder.remove()
    },
  }
}
