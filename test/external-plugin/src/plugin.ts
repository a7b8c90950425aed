import { definePlugin, provide, STORAGE, VIEWER } from '@chunkflow/sdk'

export default definePlugin({
  name: 'chunkflow-plugin-sample',
  operators: { 'add-constant': () => import('./operators/add-constant.js') },
  provides: [
    provide(STORAGE, 'sample', {
      create: () => import('./sample-storage.js').then((module) => module.sampleDriver()),
    }),
    provide(VIEWER, 'sample', {
      create: () => import('./sample-viewer.js').then((module) => module.sampleViewer),
    }),
  ],
  hooks: [
    {
      name: 'sample-hook',
      summary: 'Says which operators ran',
      create: ({ logger }) => ({
        operatorFinished: (step) => logger.info(`sample-hook: ${step.name} finished`),
      }),
    },
  ],
})
