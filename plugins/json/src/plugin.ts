import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-json',
  permissions: ['filesystem'],
  operators: {
    'load-json': () => import('./operators/load-json.js'),
    'save-json': () => import('./operators/save-json.js'),
  },
})
