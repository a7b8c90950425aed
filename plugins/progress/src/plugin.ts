import { definePlugin, PROGRESS, provide } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-progress',
  permissions: ['environment'],
  provides: [
    provide(PROGRESS, {
      create: async ({ logger }) => (await import('./process-progress.js')).createProcessProgress(logger),
    }),
  ],
  hooks: [
    {
      name: 'progress',
      summary: 'Shows which task and operator a run of several tasks is at',
      needs: { progress: PROGRESS },
      create: async ({ services, logger }) => {
        const { createTaskProgress } = await import('./task-progress.js')
        return createTaskProgress({ progress: services.progress as never, logger })
      },
    },
  ],
})
