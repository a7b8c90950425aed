import { definePlugin, FILES, provide, READERS } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-npy',
  permissions: ['filesystem'],
  operators: {
    'load-npy': () => import('./operators/load-npy.js'),
    'save-npy': () => import('./operators/save-npy.js'),
  },
  provides: [
    provide(READERS, 'npy', {
      needs: { files: FILES },
      create: async ({ services }) => (await import('./reader.js')).npyReader(services.files),
    }),
  ],
})
