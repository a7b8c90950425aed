import {
  type Chunk,
  channelCount,
  chunkflowError,
  DTYPES,
  type Dtype,
  describeChunk,
  describeValue,
  isBigDtype,
  isChunk,
  isFloat,
  type LayerType,
  type ViewerLayer,
  type Volume,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import { type ComputeServices, downsampleKindOf } from '@chunkflow/sdk/numerics'
import type { BlockCache } from '../levels/block-cache.js'
import { chunkLevels } from '../levels/chunk-levels.js'
import type { Scratch } from '../levels/scratch.js'
import { volumeLevels } from '../levels/volume-levels.js'
import type { ArrayLayer, ArrayRole, Layer } from './layer.js'
import { type LayerName, readLayerOptions } from './layer-name.js'
import { readRecords } from './read-records.js'
import { storedMeshes } from './stored-meshes.js'
import { valueRange } from './value-range.js'

export interface ReadLayersSettings {
  readonly voxelSizeNm: Zyx | undefined
  readonly cache: BlockCache
  readonly scratch: Scratch
  readonly services: ComputeServices
}

/**
 * What is to be shown, checked. Null values make no layer; some values make several.
 * @throws viewer-layer, viewer-options
 */
export async function readLayers(
  given: readonly ViewerLayer[],
  settings: ReadLayersSettings,
): Promise<Layer[]> {
  const layers: Layer[] = []
  for (const [index, entry] of given.entries()) {
    const layer: LayerName = { name: entry.name, options: entry.options ?? {} }
    if ('volume' in entry) layers.push(await readVolume(layer, entry.volume, index, settings))
    else if (isChunk(entry.value)) layers.push(await readChunk(layer, entry.value, index, settings))
    else if (entry.value !== null) {
      const records = readRecords(layer, entry.value, settings.voxelSizeNm ?? zyx(1, 1, 1))
      if (records === null)
        throw chunkflowError(
          'viewer-layer',
          `"${layer.name}" is ${describeValue(entry.value)}: it cannot be shown`,
          {
            fix: 'chunks, N × 3 points, synapses, skeletons and meshes are shown',
          },
        )
      layers.push(...records)
    }
  }
  const names = layers.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw chunkflowError('viewer-options', `Two layers are called "${twice}"`, {
      fix: 'name every variable and every volume once',
    })
  return layers
}

/** Labels need integers and one channel; whatever else is called a segmentation is shown as an image. */
export function roleOf(layerType: LayerType, dtype: Dtype, channels: number): ArrayRole {
  if (layerType === 'segmentation' && channels === 1 && !isFloat(dtype)) return 'segmentation'
  if (layerType === 'probability_map' || (layerType === 'affinity_map' && isFloat(dtype)))
    return 'probability'
  return 'image'
}

async function readChunk(
  layer: LayerName,
  chunk: Chunk,
  index: number,
  { voxelSizeNm, cache, scratch, services }: ReadLayersSettings,
): Promise<ArrayLayer> {
  if (chunk.data.length === 0)
    throw chunkflowError('viewer-layer', `"${layer.name}" (${describeChunk(chunk)}) has no voxels`, {
      fix: 'crop less',
    })
  const channels = channelCount(chunk)
  const role = roleOf(chunk.layerType, chunk.dtype, channels)
  if (role === 'segmentation') await refuseNegative(layer.name, chunk)
  const kind = role === 'segmentation' ? 'mode' : averaging(chunk)
  const source = chunkLevels(chunk, {
    name: String(index),
    voxelSizeNm: voxelSizeNm ?? chunk.voxelSize ?? zyx(1, 1, 1),
    kind,
    cache,
    scratch,
    services,
  })
  return arrayLayer(
    layer,
    role,
    channels,
    source,
    role === 'probability' ? [0, 1] : valueRange(chunk.data, chunk.dtype),
  )
}

/** Wide integers have no averages; an image of them is thinned out like labels. */
function averaging(chunk: Chunk): 'average' | 'mode' {
  const isWide = !isFloat(chunk.dtype) && DTYPES[chunk.dtype].bytes > 2
  return isWide || chunk.dtype === 'bool' ? 'mode' : downsampleKindOf({ ...chunk, layerType: 'image' })
}

async function readVolume(
  layer: LayerName,
  volume: Volume,
  index: number,
  { voxelSizeNm, cache }: ReadLayersSettings,
): Promise<ArrayLayer> {
  const { layerType, dtype, channels } = volume.description
  // volumes know images and segmentations only: three channels of floats are affinities
  const isAffinity = channels === 3 && isFloat(dtype)
  const role = isAffinity ? 'probability' : roleOf(layerType, dtype, channels)
  const source = volumeLevels(volume, { name: String(index), cache, voxelSizeNm })
  const range = role === 'image' ? await sampleVolume(source) : ([0, 1] as const)
  const meshes = role === 'segmentation' ? await storedMeshes(volume, voxelSizeNm) : undefined
  return { ...arrayLayer(layer, role, channels, source, range), meshes }
}

/** From the block in the middle of the coarsest scale. */
async function sampleVolume(source: ArrayLayer['source']): Promise<readonly [number, number]> {
  if (source.dtype === 'uint8') return [0, 255]
  const level = source.levels.length - 1
  const { box } = source.levels[level]!
  const start = box.start.map((low, axis) =>
    Math.max(low, Math.floor((low + box.stop[axis]! - source.blockSize[axis]!) / 2)),
  ) as unknown as Zyx
  const stop = start.map((low, axis) =>
    Math.min(low + source.blockSize[axis]!, box.stop[axis]!),
  ) as unknown as Zyx
  return valueRange(await source.read(level, { ...box, start, stop }), source.dtype)
}

function arrayLayer(
  layer: LayerName,
  role: ArrayRole,
  channels: number,
  source: ArrayLayer['source'],
  range: readonly [number, number],
): ArrayLayer {
  const { color } = readLayerOptions(layer, role !== 'segmentation' && channels === 1 ? ['color'] : [])
  return { kind: 'array', name: layer.name, role, source, color, range }
}

const SCAN_STEP = 2 ** 24

/** Looks at the sign bits of signed labels, in pieces between which other work goes on. @throws viewer-layer */
async function refuseNegative(name: string, { data, dtype }: Chunk): Promise<void> {
  if (DTYPES[dtype].kind !== 'signed') return
  const big = isBigDtype(dtype)
  const values = big ? new Int32Array(data.buffer, data.byteOffset, data.length * 2) : (data as Int32Array)
  for (let start = 0; start < values.length; start += SCAN_STEP) {
    const end = Math.min(values.length, start + SCAN_STEP)
    // the high words of 64-bit labels carry the sign
    for (let index = big ? start + 1 : start; index < end; index += big ? 2 : 1)
      if (values[index]! < 0)
        throw chunkflowError('viewer-layer', `The labels "${name}" (${dtype}) have negative values`, {
          fix: 'show them as an image (load with --layer-type image), or renumber them',
        })
    await new Promise((resolve) => setImmediate(resolve))
  }
}
