export * from './define-plugin.js'
export * from './describe-plugin.js'
export * from './slice.js'
export * from './token.js'
