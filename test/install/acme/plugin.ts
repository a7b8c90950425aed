/** Source of the plugin that the tests of third-party services build; see plugin-fixtures. */
import { definePlugin, ENCODINGS, INFERENCE, provide, QUEUES, READERS, VIEWER } from '@chunkflow/sdk'

const services = () => import('./services.js')

export default definePlugin({
  name: 'chunkflow-plugin-acme',
  permissions: ['filesystem', 'environment'],
  operators: { double: () => import('./double.js') },
  provides: [
    provide(ENCODINGS, 'acme-xor', { create: async () => (await services()).xorEncoding }),
    provide(INFERENCE, 'acme', { create: async () => (await services()).halvingBackend }),
    provide(QUEUES, 'acme', { create: async () => (await services()).folderQueues }),
    provide(VIEWER, 'acme', { create: async () => (await services()).sizeViewer }),
    provide(READERS, 'acme', { create: async () => (await services()).sizeReader }),
  ],
  hooks: [
    {
      name: 'acme-watch',
      summary: 'Says which operators ran',
      create: ({ logger }) => ({ operatorFinished: (step) => logger.result(`watched ${step.name}`) }),
    },
  ],
})
