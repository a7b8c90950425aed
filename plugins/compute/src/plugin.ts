import { COMPUTE, definePlugin, provide } from '@chunkflow/sdk'
import { lazyCompute } from './lazy-compute.js'

export default definePlugin({
  name: '@chunkflow/plugin-compute',
  workers: { kernel: './kernel.worker.ts' },
  provides: [
    provide(COMPUTE, {
      scope: 'process',
      create: ({ workers }) => lazyCompute(workers.kernel!),
    }),
  ],
})
