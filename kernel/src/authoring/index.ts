/** The authoring half: what operators and plugins are made of. Imports nothing. */
export * from './chunk/index.js'
export * from './errors/index.js'
export * from './operator/index.js'
export * from './plugin/index.js'
