import { definePlugin, provide, STORAGE } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-storage-gcs',
  permissions: ['environment', 'filesystem', 'network'],
  provides: [
    provide(STORAGE, 'gs', { create: async () => (await import('./gcs-driver.js')).createGcsDriver() }),
  ],
})
