/** What drivers of STORAGE share: keys, ranges, requests that are tried again, limits, messages without secrets. */
export * from './body.js'
export * from './failures.js'
export * from './http-client.js'
export * from './keys.js'
export * from './limit.js'
export * from './ranges.js'
export * from './retry.js'
export * from './secrets.js'
