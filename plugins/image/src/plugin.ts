import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-image',
  operators: {
    'channel-voting': () => import('./operators/channel-voting.js'),
    'create-chunk': () => import('./operators/create-chunk.js'),
    'crop-margin': () => import('./operators/crop-margin.js'),
    downsample: () => import('./operators/downsample.js'),
    multiply: () => import('./operators/multiply.js'),
    'normalize-intensity': () => import('./operators/normalize-intensity.js'),
    quantize: () => import('./operators/quantize.js'),
    threshold: () => import('./operators/threshold.js'),
    transpose: () => import('./operators/transpose.js'),
  },
})
