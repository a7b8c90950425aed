import { COMPUTE, definePlugin, FILES, HDF5, provide, READERS } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-hdf5',
  permissions: ['filesystem'],
  operators: {
    'load-h5': () => import('./operators/load-h5.js'),
    'save-h5': () => import('./operators/save-h5.js'),
  },
  workers: { hdf5: './hdf5.worker.ts' },
  provides: [
    provide(HDF5, {
      needs: { compute: COMPUTE, files: FILES },
      create: async ({ services, workers }) =>
        (await import('./tables.js')).hdf5Tables(services.files, services.compute, workers.hdf5!),
    }),
    provide(READERS, 'hdf5', {
      needs: { compute: COMPUTE, files: FILES },
      create: async ({ services, workers }) =>
        (await import('./reader.js')).hdf5Reader(services.files, services.compute, workers.hdf5!),
    }),
  ],
})
