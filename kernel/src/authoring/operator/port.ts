import { type Chunk, rank } from '../chunk/chunk.js'
import type { Dtype } from '../chunk/dtype.js'
import type { LayerType } from '../chunk/layer-type.js'

/** Kinds of values that variables hold. */
export type PortKind =
  | 'chunk'
  | 'synapses'
  | 'points'
  | 'skeletons'
  | 'json'
  | 'array'
  | 'scores'
  | 'text'
  | 'any'

/** What the planner knows of a variable; a missing member is unknown and checked when it runs. */
export interface VariableType {
  readonly kind: PortKind
  readonly dtype?: Dtype
  readonly rank?: 3 | 4
  /** Sizes, (c)zyx. */
  readonly shape?: readonly number[]
  readonly layerType?: LayerType
  readonly layerTypeDeclared?: boolean
}

/** All that is known of a chunk at hand. */
export const typeOfChunk = (chunk: Chunk): VariableType => ({
  kind: 'chunk',
  dtype: chunk.dtype,
  rank: rank(chunk),
  shape: chunk.shape,
  layerType: chunk.layerType,
  layerTypeDeclared: chunk.layerTypeDeclared,
})
