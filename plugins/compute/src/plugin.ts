import { COMPUTE, definePlugin, provide } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-compute',
  workers: { kernel: './kernel.worker.ts' },
  provides: [
    provide(COMPUTE, {
      scope: 'process',
      create: async ({ workers }) => (await import('./pool.js')).createPool(workers.kernel!),
    }),
  ],
})
