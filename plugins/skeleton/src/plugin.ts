import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-skeleton',
  permissions: ['filesystem', 'network'],
  operators: {
    'aggregate-skeleton-fragments': () => import('./operators/aggregate-skeleton-fragments.js'),
    'load-skeleton': () => import('./operators/load-skeleton.js'),
    'save-swc': () => import('./operators/save-swc.js'),
    skeletonize: () => import('./operators/skeletonize.js'),
  },
})
