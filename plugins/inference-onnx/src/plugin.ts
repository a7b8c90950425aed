import { COMPUTE, definePlugin, FILES, INFERENCE, provide } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-inference-onnx',
  permissions: ['filesystem'],
  workers: { ort: './ort.worker.ts' },
  provides: [
    provide(INFERENCE, 'onnx', {
      needs: { compute: COMPUTE, files: FILES },
      scope: 'run',
      create: async ({ services: { compute, files }, workers, logger }) =>
        (await import('./onnx-backend.js')).createOnnxBackend({
          compute,
          files,
          worker: workers.ort!,
          logger,
        }),
    }),
  ],
})
