import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-segmentation',
  permissions: ['filesystem', 'network'],
  operators: {
    agglomerate: () => import('./operators/agglomerate.js'),
    'connected-components': () => import('./operators/connected-components.js'),
    'evaluate-segmentation': () => import('./operators/evaluate-segmentation.js'),
    'fill-segmentation-holes': () => import('./operators/fill-segmentation-holes.js'),
    'mask-out-objects': () => import('./operators/mask-out-objects.js'),
    'print-max-id': () => import('./operators/print-max-id.js'),
    'remap-segmentation': () => import('./operators/remap-segmentation.js'),
  },
})
