import { definePlugin, provide, STORAGE } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-storage-s3',
  permissions: ['environment', 'filesystem', 'network'],
  provides: [
    provide(STORAGE, 's3', { create: async () => (await import('./s3-driver.js')).createS3Driver() }),
  ],
})
