import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '__NAME__',
  operators: {
    '__OPERATOR__': () => import('./operators/__OPERATOR__.js'),
  },
})
