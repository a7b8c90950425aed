import { defineWorker, type TypedArray, withTransfer } from '@chunkflow/sdk'
import { copyStrided } from './worker/copy-strided.js'
import { openPipeline, type Pipeline, type PipelineDescription } from './worker/pipeline.js'

export interface DecodeRequest {
  readonly pipeline: PipelineDescription
  readonly bytes: Uint8Array
  /** The part that is wanted, in the axes of the array. */
  readonly start: readonly number[]
  readonly count: readonly number[]
  /** Where it goes: shared memory, and the steps of the axes in it, in elements. */
  readonly target: ArrayBufferLike
  /** Element of the first one. */
  readonly offset: number
  readonly strides: readonly number[]
}

export interface EncodeRequest {
  readonly pipeline: PipelineDescription
  /** All voxels of the chunk, on shared memory, and the steps of the axes in it, in elements. */
  readonly source: ArrayBufferLike
  readonly strides: readonly number[]
}

const ARRAYS = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
} as const

/** Shapes of chunks differ at the edges of N5 arrays only. */
const PIPELINES_KEPT = 64
const pipelines = new Map<string, Promise<Pipeline>>()

function pipelineFor(description: PipelineDescription): Promise<Pipeline> {
  const name = JSON.stringify(description)
  const known = pipelines.get(name)
  if (known !== undefined) return known
  if (pipelines.size >= PIPELINES_KEPT) pipelines.clear()
  const opened = openPipeline(description)
  pipelines.set(name, opened)
  return opened
}

function elementsOf({ dataType }: PipelineDescription, buffer: ArrayBufferLike): TypedArray {
  const Elements = ARRAYS[dataType] as typeof Uint8Array
  return new Elements(buffer, 0, Math.floor(buffer.byteLength / Elements.BYTES_PER_ELEMENT))
}

/** Compresses, decompresses and transposes chunks: all of it takes the processor. */
export default defineWorker({
  async decode({ pipeline, bytes, start, count, target, offset, strides }: DecodeRequest): Promise<void> {
    const { data, stride } = await (await pipelineFor(pipeline)).decode(bytes)
    const first = start.reduce((sum, index, axis) => sum + index * stride[axis]!, 0)
    const axes = count.map((size, axis) => ({ count: size, from: stride[axis]!, to: strides[axis]! }))
    copyStrided(data, first, elementsOf(pipeline, target), offset, axes)
  },

  async encode({ pipeline, source, strides }: EncodeRequest) {
    const bytes = await (await pipelineFor(pipeline)).encode(({ data, stride }) => {
      const axes = pipeline.shape.map((size, axis) => ({
        count: size,
        from: strides[axis]!,
        to: stride[axis]!,
      }))
      copyStrided(elementsOf(pipeline, source), 0, data, 0, axes)
    })
    return withTransfer(bytes, [bytes.buffer as ArrayBuffer])
  },
})
