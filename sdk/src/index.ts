/** What authors of operators and services import. */
export * from '@chunkflow/kernel/authoring'
export * from './box-to-read.js'
export * from './contracts/index.js'
export * from './errors.js'
export * from './for-each-parallel.js'
export * from './likely-layer-type.js'
