/**
 * The JavaScript API: chains as in a shell, with typed options.
 *
 * ```ts
 * import { chunkflow } from 'chunkflow'
 * const { variables } = await chunkflow().loadTif({ fileName: 'image.tif', output: 'image' }).connectedComponents({ input: 'image' }).run()
 * ```
 */
import 'reflect-metadata'

export {
  arithmetic,
  astype,
  boundingBox,
  boxFromSize,
  type Chunk,
  chunkBox,
  createChunk,
  cropMargin,
  cutout,
  formatBox,
  isChunk,
  isChunkflowError,
  parseBox,
} from '@chunkflow/kernel/authoring'
export { readPipeline } from '@chunkflow/kernel/host'
export { openRegistry } from '../discovery/registry.js'
export { type Chain, type ChainResult, chunkflow, type RunOptions } from './chain.js'
