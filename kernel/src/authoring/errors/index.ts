export * from './chunkflow-error.js'
export * from './codes.js'
