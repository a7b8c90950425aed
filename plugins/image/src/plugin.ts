import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-image',
  permissions: ['filesystem', 'network'],
  operators: {
    'channel-voting': () => import('./operators/channel-voting.js'),
    clahe: () => import('./operators/clahe.js'),
    'create-chunk': () => import('./operators/create-chunk.js'),
    'crop-margin': () => import('./operators/crop-margin.js'),
    downsample: () => import('./operators/downsample.js'),
    'gaussian-filter': () => import('./operators/gaussian-filter.js'),
    inverse: () => import('./operators/inverse.js'),
    mapto01: () => import('./operators/mapto01.js'),
    'median-filter': () => import('./operators/median-filter.js'),
    multiply: () => import('./operators/multiply.js'),
    'normalize-contrast': () => import('./operators/normalize-contrast.js'),
    'normalize-intensity': () => import('./operators/normalize-intensity.js'),
    'normalize-section-contrast': () => import('./operators/normalize-section-contrast.js'),
    'normalize-section-shang': () => import('./operators/normalize-section-shang.js'),
    quantize: () => import('./operators/quantize.js'),
    'rescale-intensity': () => import('./operators/rescale-intensity.js'),
    statistics: () => import('./operators/statistics.js'),
    'stretch-intensity': () => import('./operators/stretch-intensity.js'),
    threshold: () => import('./operators/threshold.js'),
    transpose: () => import('./operators/transpose.js'),
  },
})
