import { COMPUTE, definePlugin, provide, READERS, STORE, VOLUMES } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-zarr',
  permissions: ['filesystem', 'network'],
  operators: {
    'load-zarr': () => import('./operators/load-zarr.js'),
    'save-zarr': () => import('./operators/save-zarr.js'),
  },
  workers: { zarr: './zarr.worker.ts' },
  provides: [
    provide(READERS, 'zarr', {
      needs: { store: STORE, compute: COMPUTE },
      create: async ({ services, workers }) =>
        (await import('./reader.js')).zarrReader(services.store, services.compute, workers.zarr!),
    }),
    provide(VOLUMES, 'zarr', {
      needs: { store: STORE, compute: COMPUTE },
      create: async ({ services, workers }) =>
        (await import('./volume.js')).createZarrFormat(services.store, services.compute, workers.zarr!),
    }),
  ],
})
