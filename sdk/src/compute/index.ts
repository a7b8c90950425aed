export * from './kernel-instance.js'
