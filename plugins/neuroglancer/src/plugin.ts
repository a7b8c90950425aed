import { COMPUTE, definePlugin, ENCODINGS, provide, VIEWER } from '@chunkflow/sdk'

const needs = { compute: COMPUTE, encodings: ENCODINGS }

export default definePlugin({
  name: '@chunkflow/plugin-neuroglancer',
  permissions: ['filesystem', 'network', 'subprocess'],
  assets: { page: './page' },
  operators: {
    neuroglancer: () => import('./operators/neuroglancer.js'),
    view: () => import('./operators/view.js'),
  },
  provides: [
    provide(VIEWER, 'neuroglancer', {
      needs,
      create: async ({ services, assets }) => {
        const [{ neuroglancerViewer }, { pageOf }] = await Promise.all([
          import('./neuroglancer-viewer.js'),
          import('./page-of.js'),
        ])
        return neuroglancerViewer(services, pageOf(assets))
      },
    }),
    provide(VIEWER, 'view', {
      needs: { compute: COMPUTE },
      create: async ({ services, assets }) => {
        const [{ sliceViewer }, { pageOf }] = await Promise.all([
          import('./slice-viewer.js'),
          import('./page-of.js'),
        ])
        return sliceViewer(services.compute, pageOf(assets))
      },
    }),
  ],
})
