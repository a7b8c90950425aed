import { COMPUTE, definePlugin, FILES, INFERENCE, PYTHON, provide } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-inference-python',
  assets: { python: './python' },
  workers: { javascriptModel: './javascript-model.worker.ts' },
  permissions: ['filesystem', 'subprocess'],
  operators: {
    'export-onnx': () => import('./operators/export-onnx.js'),
  },
  provides: [
    provide(INFERENCE, 'pytorch', {
      needs: { python: PYTHON, files: FILES },
      create: async ({ services, assets, logger }) =>
        (await import('./python-backend.js')).createPythonBackend('pytorch', {
          ...services,
          logger,
          folder: assets.python!,
        }),
    }),
    provide(INFERENCE, 'pznet', {
      needs: { python: PYTHON, files: FILES },
      create: async ({ services, assets, logger }) =>
        (await import('./python-backend.js')).createPythonBackend('pznet', {
          ...services,
          logger,
          folder: assets.python!,
        }),
    }),
    provide(INFERENCE, 'universal', {
      needs: { python: PYTHON, compute: COMPUTE, files: FILES },
      create: async ({ services: { python, compute, files }, assets, workers, logger }) => {
        const [{ createPythonBackend }, { createJavaScriptBackend }, { createUniversalBackend }] =
          await Promise.all([
            import('./python-backend.js'),
            import('./javascript-backend.js'),
            import('./universal-backend.js'),
          ])
        return createUniversalBackend(
          createPythonBackend('universal', { python, files, logger, folder: assets.python! }),
          createJavaScriptBackend({ compute, files, logger, worker: workers.javascriptModel! }),
        )
      },
    }),
  ],
})
