/** For tests of operators and services. Needs nothing but Node. */
export * from './chunk-builders.js'
export * from './inline-compute.js'
export * from './operator-conformance.js'
export * from './queue-conformance.js'
export * from './run-operator.js'
export * from './test-files.js'
export * from './test-storage.js'
