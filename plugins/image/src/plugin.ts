import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-image',
  operators: {
    threshold: () => import('./operators/threshold.js'),
  },
})
