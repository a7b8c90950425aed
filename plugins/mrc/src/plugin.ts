import { definePlugin, FILES, provide, READERS } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-mrc',
  permissions: ['filesystem'],
  operators: {
    'load-mrc': () => import('./operators/load-mrc.js'),
    'save-mrc': () => import('./operators/save-mrc.js'),
  },
  provides: [
    provide(READERS, 'mrc', {
      needs: { files: FILES },
      create: async ({ services }) => (await import('./reader.js')).mrcReader(services.files),
    }),
  ],
})
