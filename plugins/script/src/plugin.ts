import { definePlugin, PYTHON, provide } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-script',
  operators: { plugin: () => import('./operators/plugin.js') },
  assets: { python: './python', builtIn: './built-in' },
  permissions: ['environment', 'filesystem', 'network', 'subprocess'],
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
