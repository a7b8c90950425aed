import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-inference',
  permissions: ['filesystem', 'network'],
  operators: {
    inference: () => import('./operators/inference.js'),
  },
})
