import 'reflect-metadata'

export { createHost, createRegistry, readPipeline } from '@chunkflow/kernel/host'
export { openRegistry } from '../discovery/registry.js'
