import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-cloudwatch',
  permissions: ['environment', 'network'],
  operators: { 'cloud-watch': () => import('./operators/cloud-watch.js') },
})
