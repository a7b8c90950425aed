import type { Dtype } from '@chunkflow/sdk'
import type { ArrayLayer } from '../layers/layer.js'
import { servedDtype } from '../neuroglancer/served-array.js'

/** `layers.json`: what the page knows of a layer. Triples are z y x. */
export interface LayerDescription {
  readonly name: string
  readonly role: ArrayLayer['role']
  /** As stored, for people. */
  readonly dtype: Dtype
  /** As tiles are sent. */
  readonly tileDtype: TileDtype
  readonly channels: number
  /** Values shown black and white at first. */
  readonly range: readonly [number, number]
  readonly levels: readonly {
    readonly start: readonly [number, number, number]
    readonly stop: readonly [number, number, number]
    readonly voxelSizeNm: readonly [number, number, number]
  }[]
}

export type TileDtype = 'uint8' | 'uint16' | 'float32' | 'uint32' | 'uint64'

/** Labels as they are, intensities as bytes, pairs of them, or floats. */
export function tileDtype(layer: Pick<ArrayLayer, 'role' | 'source'>): TileDtype {
  if (layer.role === 'segmentation') return servedDtype(layer) === 'uint64' ? 'uint64' : 'uint32'
  const { dtype } = layer.source
  if (dtype === 'bool' || dtype === 'uint8') return 'uint8'
  return dtype === 'uint16' ? 'uint16' : 'float32'
}

export const describeLayer = (layer: ArrayLayer): LayerDescription => ({
  name: layer.name,
  role: layer.role,
  dtype: layer.source.dtype,
  tileDtype: tileDtype(layer),
  channels: layer.source.channels,
  range: layer.range,
  levels: layer.source.levels.map(({ box: { start, stop }, voxelSizeNm }) => ({ start, stop, voxelSizeNm })),
})

/** `values`: what lies at a point. */
export interface ValuesAtPoint {
  readonly name: string
  /** Global voxel of the finest level, z y x. */
  readonly voxel: readonly [number, number, number]
  /** One a channel, as text: 64-bit labels are exact. Null outside the layer. */
  readonly values: readonly string[] | null
}
