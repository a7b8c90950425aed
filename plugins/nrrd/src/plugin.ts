import { definePlugin, FILES, provide, READERS } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-nrrd',
  permissions: ['filesystem'],
  operators: {
    'load-nrrd': () => import('./operators/load-nrrd.js'),
    'save-nrrd': () => import('./operators/save-nrrd.js'),
  },
  provides: [
    provide(READERS, 'nrrd', {
      needs: { files: FILES },
      create: async ({ services }) => (await import('./reader.js')).nrrdReader(services.files),
    }),
  ],
})
