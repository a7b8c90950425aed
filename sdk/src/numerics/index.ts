/** Numerics that several plugins need. Free of side effects. */
export * from './compute-services.js'
export * from './connected-components.js'
export * from './downsample.js'
export * from './select-labels.js'
export * from './threshold.js'
export { type UniqueLabels, uniqueLabels } from './unique-labels.js'
