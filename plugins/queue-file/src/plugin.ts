import { definePlugin, provide, QUEUES } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-queue-file',
  permissions: ['filesystem'],
  provides: [
    provide(QUEUES, 'fq', { create: async () => (await import('./file-queue.js')).fileQueueDriver() }),
  ],
})
