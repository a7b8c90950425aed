import type { TypedArray } from '@chunkflow/sdk'
import { open, _zarrita_internal_set as setWith, type Array as ZarrArray } from 'zarrita'
import { registerOwnCodecs } from './own-codecs.js'

/** A codec as Zarr 3 writes it. */
export interface CodecDescription {
  readonly name: string
  readonly configuration?: Readonly<Record<string, unknown>>
}

/** How one chunk becomes bytes. */
export interface PipelineDescription {
  /** Sizes of the chunk, in the axes of its array. */
  readonly shape: readonly number[]
  /** An unsigned integer as wide as the elements: codecs move bits, whatever they mean. */
  readonly dataType: 'uint8' | 'uint16' | 'uint32' | 'uint64'
  readonly codecs: readonly CodecDescription[]
}

/** Voxels of a decoded chunk, strides in elements. */
export interface DecodedChunk {
  readonly data: TypedArray
  readonly stride: readonly number[]
}

export interface Pipeline {
  decode(bytes: Uint8Array): Promise<DecodedChunk>
  /** @param fill writes all elements of the chunk */
  encode(fill: (chunk: DecodedChunk) => void): Promise<Uint8Array>
}

type Bytes = Uint8Array<ArrayBuffer>

/** What zarrita does with one chunk: an array of a single chunk over a store that keeps nothing but its bytes. */
export async function openPipeline(description: PipelineDescription): Promise<Pipeline> {
  await registerOwnCodecs()
  const { shape, dataType, codecs } = description
  const metadata = {
    zarr_format: 3,
    node_type: 'array',
    shape,
    data_type: dataType,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: shape } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    codecs,
    fill_value: 0,
    attributes: {},
  }
  let stored: Bytes | undefined
  const store = {
    get: async (key: string) =>
      key === '/zarr.json' ? new TextEncoder().encode(JSON.stringify(metadata)) : stored,
    set: async (_key: string, bytes: Uint8Array) => {
      stored = bytes as Bytes
    },
  }
  const array = (await open.v3(store, { kind: 'array' })) as ZarrArray<'uint8', typeof store>
  const elements = shape.reduce((product, size) => product * size, 1)
  let last: Promise<unknown> = Promise.resolve()
  /** The store holds one chunk: one action at a time. */
  const alone = <T>(action: () => Promise<T>): Promise<T> => {
    const result = last.then(action)
    last = result.catch(() => {})
    return result
  }
  return {
    decode: (bytes) =>
      alone(async () => {
        stored = bytes as Bytes
        const chunk = await array.getChunk(shape.map(() => 0))
        const data = chunk.data as TypedArray
        if (data.length !== elements)
          throw new RangeError(`it holds ${data.length} elements instead of ${elements}`)
        return { data, stride: chunk.stride }
      }),
    encode: (fill) =>
      alone(async () => {
        await setWith(
          array,
          null,
          { data: new Uint8Array(0), shape: [...shape], stride: shape.map(() => 0) },
          {},
          {
            prepare: (data, _shape, stride) => ({ data, shape: [...shape], stride }),
            setFromChunk: ({ data, stride }) => fill({ data, stride }),
            setScalar: () => {},
          },
        )
        return stored!
      }),
  }
}
