import { definePlugin, PYTHON, provide } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-script',
  assets: { python: './python' },
  permissions: ['environment', 'filesystem', 'subprocess'],
  provides: [
    provide(PYTHON, {
      create: async ({ assets, logger }) =>
        (await import('./python-worker/service.js')).createPython({
          python: assets.python!,
          logger,
          environment: process.env,
        }),
    }),
  ],
})
