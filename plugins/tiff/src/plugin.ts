import { definePlugin, FILES, provide, READERS } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-tiff',
  permissions: ['filesystem'],
  operators: {
    'load-tif': () => import('./operators/load-tif.js'),
    'save-tif': () => import('./operators/save-tif.js'),
  },
  provides: [
    provide(READERS, 'tiff', {
      needs: { files: FILES },
      create: async ({ services }) => (await import('./reader.js')).tiffReader(services.files),
    }),
  ],
})
