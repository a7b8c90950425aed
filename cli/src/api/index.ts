/**
 * The JavaScript API: operators as functions on values, and chains as in a shell; both typed from the registry.
 *
 * ```ts
 * import { Chunk, chunkflow, operators } from 'chunkflow'
 *
 * const image = await operators.loadTif({ fileName: 'image.tif' })
 * const labels = await operators.connectedComponents({ input: image, threshold: 128 })
 *
 * const { variables } = await chunkflow()
 *   .loadTif({ fileName: 'image.tif', output: 'image' })
 *   .connectedComponents({ input: 'image', output: 'labels', threshold: 128 })
 *   .run()
 * ```
 */
import 'reflect-metadata'
import { operatorFunctions } from './call-operator.js'
import type { OperatorFunctions } from './operator-methods.js'

export {
  type BoundingBox,
  boundingBox,
  boxFromSize,
  type ChunkflowError,
  type Dtype,
  formatBox,
  isChunkflowError,
  type Logger,
  parseBox,
  type TypedArray,
} from '@chunkflow/kernel/authoring'
export { type Pipeline, type Plan, type Registry, readPipeline } from '@chunkflow/kernel/host'
export { openRegistry } from '../discovery/registry.js'
export { type CallSettings, callOperator, type SourcedTask } from './call-operator.js'
export { type Chain, type ChainResult, type ChainSettings, chunkflow, type RunOptions } from './chain.js'
export { Chunk } from './chunk.js'
// all of it: `chunkflow types` adds the operators of installed plugins to these interfaces
export * from './operator-methods.js'

/** Every operator as a function, those of installed plugins included: values in, values out. */
export const operators: OperatorFunctions = operatorFunctions<OperatorFunctions>()
