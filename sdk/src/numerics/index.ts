/** Numerics that several plugins need. Free of side effects. */
export * from './threshold.js'
