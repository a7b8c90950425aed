/** The host half: registry, container, plan and run. For programs that run chains, not for plugins. */
export * from './container/container.js'
export * from './hooks/hooks.js'
export * from './host.js'
export * from './plan/digest.js'
export * from './plan/pipeline.js'
export * from './plan/plan.js'
export * from './registry/registry.js'
export * from './run/runner.js'
