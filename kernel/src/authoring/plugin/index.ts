export * from './define-plugin.js'
export * from './token.js'
