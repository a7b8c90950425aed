import { BLOCK_CACHE, COMPUTE, definePlugin, ENCODINGS, provide, STORE, VOLUMES } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-precomputed',
  permissions: ['filesystem', 'network'],
  operators: {
    'create-info': () => import('./operators/create-info.js'),
    'downsample-upload': () => import('./operators/downsample-upload.js'),
    'load-precomputed': () => import('./operators/load-precomputed.js'),
    mask: () => import('./operators/mask.js'),
    'save-precomputed': () => import('./operators/save-precomputed.js'),
    'skip-task-by-blocks-in-volume': () => import('./operators/skip-task-by-blocks-in-volume.js'),
    transfer: () => import('./operators/transfer.js'),
    'verify-volume': () => import('./operators/verify-volume.js'),
  },
  provides: [
    provide(BLOCK_CACHE, {
      create: async () => (await import('./volume/block-cache.js')).createBlockCache(),
    }),
    provide(VOLUMES, 'precomputed', {
      needs: { store: STORE, encodings: ENCODINGS, cache: BLOCK_CACHE },
      create: async ({ services }) => (await import('./volume/format.js')).createPrecomputedFormat(services),
    }),
    provide(ENCODINGS, 'compressed_segmentation', {
      needs: { compute: COMPUTE },
      create: async ({ services }) =>
        (await import('./encodings/compressed-segmentation.js')).compressedSegmentation(services.compute),
    }),
    provide(ENCODINGS, 'compresso', {
      needs: { compute: COMPUTE },
      create: async ({ services }) => (await import('./encodings/compresso.js')).compresso(services.compute),
    }),
    provide(ENCODINGS, 'jpeg', {
      create: async () => (await import('./encodings/jpeg.js')).jpegEncoding(),
    }),
    provide(ENCODINGS, 'png', { create: async () => (await import('./encodings/png.js')).pngEncoding() }),
    provide(ENCODINGS, 'raw', { create: async () => (await import('./encodings/raw.js')).rawEncoding() }),
  ],
})
