import { definePlugin, FILES, provide, READERS } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-png',
  permissions: ['filesystem'],
  operators: {
    'load-png': () => import('./operators/load-png.js'),
    'save-pngs': () => import('./operators/save-pngs.js'),
    snapshot: () => import('./operators/snapshot.js'),
  },
  provides: [
    provide(READERS, 'png', {
      needs: { files: FILES },
      create: async ({ services }) => (await import('./reader.js')).pngReader(services.files),
    }),
  ],
})
