import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-synapse',
  permissions: ['filesystem'],
  operators: {
    'adjust-pre': () => import('./operators/adjust-pre.js'),
    'detect-duplicate-post': () => import('./operators/detect-duplicate-post.js'),
    'detect-points': () => import('./operators/detect-points.js'),
    'detect-pre-synapses': () => import('./operators/detect-pre-synapses.js'),
    'find-tbar-object': () => import('./operators/find-tbar-object.js'),
    'load-synapses': () => import('./operators/load-synapses.js'),
    'save-points': () => import('./operators/save-points.js'),
    'save-synapses': () => import('./operators/save-synapses.js'),
  },
})
