import { definePlugin, provide, QUEUES } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-queue-sqs',
  permissions: ['environment', 'filesystem', 'network'],
  provides: [
    provide(QUEUES, 'sqs', {
      create: async () => {
        const { createSqsDriver } = await import('./sqs-driver.js')
        return createSqsDriver(process.env)
      },
    }),
  ],
})
