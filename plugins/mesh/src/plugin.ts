import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-mesh',
  permissions: ['environment', 'filesystem', 'network'],
  workers: { mesh: './mesh.worker.ts' },
  operators: {
    'download-mesh': () => import('./operators/download-mesh.js'),
    mesh: () => import('./operators/mesh.js'),
    'mesh-manifest': () => import('./operators/mesh-manifest.js'),
  },
})
