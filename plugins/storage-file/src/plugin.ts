import { definePlugin, FILES, provide, STORAGE, STORE } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-storage-file',
  permissions: ['filesystem'],
  provides: [
    provide(STORAGE, 'file', {
      create: async () => {
        const { openFileStorage } = await import('./file-storage.js')
        return { open: openFileStorage }
      },
    }),
    provide(STORAGE, 'mem', {
      scope: 'process',
      create: async () => (await import('./memory-storage.js')).memoryDriver(),
    }),
    provide(STORE, {
      needs: { drivers: STORAGE },
      create: async ({ services }) => (await import('./store.js')).createStore(services.drivers),
    }),
    provide(FILES, { create: async () => (await import('./local-files.js')).createFiles() }),
  ],
})
