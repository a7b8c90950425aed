import { definePlugin, INFERENCE, provide } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-inference-identity',
  provides: [
    provide(INFERENCE, 'identity', {
      scope: 'process',
      create: () => import('./identity-backend.js').then(({ identityBackend }) => identityBackend),
    }),
  ],
})
