import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-inference',
  operators: {
    inference: () => import('./operators/inference.js'),
  },
})
