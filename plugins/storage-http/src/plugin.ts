import { definePlugin, provide, STORAGE } from '@chunkflow/sdk'

const create = async () => (await import('./web-driver.js')).createWebDriver()

export default definePlugin({
  name: '@chunkflow/plugin-storage-http',
  permissions: ['network'],
  provides: [provide(STORAGE, 'http', { create }), provide(STORAGE, 'https', { create })],
})
