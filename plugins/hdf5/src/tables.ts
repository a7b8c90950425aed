import { type Compute, chunkflowError, type Files, type Hdf5, type Hdf5Table } from '@chunkflow/sdk'
import { hdf5Worker } from './session.js'

/** HDF5 as the service of this name: tables in the root of files. */
export function hdf5Tables(files: Files, compute: Compute, entry: URL): Hdf5 & { dispose(): Promise<void> } {
  const worker = hdf5Worker(compute, entry)
  return {
    read: async (path, { signal } = {}) => {
      if ((await files.status(path))?.kind !== 'file')
        throw chunkflowError('hdf5-missing', `There is no file ${path}`, { fix: 'check the path' })
      return worker.use(async (session) => {
        await session.call('open', files.resolve(path))
        const table = await session.call<Hdf5Table>('readTable')
        await session.call('close')
        return table
      }, signal)
    },
    write: (path, table, { signal } = {}) =>
      files.writeAtomic(path, (temporary) =>
        worker.use(async (session) => {
          await session.call('create', { path: temporary, name: path })
          await session.call('writeTable', table)
          await session.call('close')
        }, signal),
      ),
    dispose: () => worker.dispose(),
  }
}
