import { boxSize, type Zyx } from '@chunkflow/sdk'
import type { ArrayLayer, Layer } from '../layers/layer.js'
import { annotationShader, imageShader } from './shaders.js'

/** Screen pixels that the first layer fills at first, about a panel of a laptop. */
const FIRST_PIXELS = 340

/**
 * The state with which Neuroglancer opens: all layers, the middle of the first, fitted to the window.
 * @param base address of the server, ending in a slash
 */
export function viewerState(layers: readonly Layer[], base: string): object {
  const scene = sceneOf(layers)
  const nm = (axis: number): number => scene.voxelSizeNm[axis]! / 1e9
  const finest = Math.min(...scene.voxelSizeNm)
  return {
    dimensions: { x: [nm(2), 'm'], y: [nm(1), 'm'], z: [nm(0), 'm'] },
    position: [2, 1, 0].map((axis) => scene.center[axis]),
    // in units of the finest voxel axis
    crossSectionScale: Math.max(scene.extentNm[1], scene.extentNm[2]) / finest / FIRST_PIXELS,
    projectionScale: (Math.max(...scene.extentNm) / finest) * 1.8,
    layers: layers.map((layer, index) => layerState(layer, `${base}layers/${index}`, index === 0)),
    selectedLayer: { visible: false, layer: layers[0]?.name ?? '' },
    layout: '4panel',
    showDefaultAnnotations: true,
  }
}

interface Scene {
  readonly voxelSizeNm: Zyx
  /** Voxels, z y x; the middle of a voxel, so that the planes do not run between two. */
  readonly center: Zyx
  readonly extentNm: Zyx
}

/** Of the first layer with voxels, else of the first points or lines. */
function sceneOf(layers: readonly Layer[]): Scene {
  const array = layers.find((layer) => layer.kind === 'array')
  if (array !== undefined) {
    const { box, voxelSizeNm } = array.source.levels[0]!
    const size = boxSize(box)
    return {
      voxelSizeNm,
      center: size.map((value, axis) => box.start[axis]! + Math.floor(value / 2) + 0.5) as unknown as Zyx,
      extentNm: size.map((value, axis) => value * voxelSizeNm[axis]!) as unknown as Zyx,
    }
  }
  const records = layers.find((layer) => layer.kind !== 'array')
  const voxelSizeNm: Zyx = records?.kind === 'annotations' ? records.voxelSizeNm : [1, 1, 1]
  const coordinates = records === undefined ? new Float32Array(3) : coordinatesOf(records)
  const low: number[] = [0, 1, 2].map((axis) => coordinates[axis] ?? 0)
  const high = [...low]
  for (let index = 0; index < coordinates.length; index++) {
    low[index % 3] = Math.min(low[index % 3]!, coordinates[index]!)
    high[index % 3] = Math.max(high[index % 3]!, coordinates[index]!)
  }
  return {
    voxelSizeNm,
    center: [2, 1, 0].map((axis) => (low[axis]! + high[axis]!) / 2) as unknown as Zyx,
    extentNm: [2, 1, 0].map(
      (axis) => Math.max(1, high[axis]! - low[axis]!) * voxelSizeNm[2 - axis]!,
    ) as unknown as Zyx,
  }
}

/** x y z of the points, or of the first object. */
function coordinatesOf(layer: Exclude<Layer, ArrayLayer>): Float32Array {
  if (layer.kind === 'annotations') return layer.coordinates
  const [first] = layer.kind === 'meshes' ? layer.meshes.values() : layer.skeletons.values()
  return first?.vertices ?? new Float32Array(3)
}

function layerState(layer: Layer, address: string, isFirst: boolean): object {
  const source = `precomputed://${address}`
  if (layer.kind === 'annotations')
    return { type: 'annotation', name: layer.name, source, tab: 'rendering', shader: annotationShader(layer) }
  if (layer.kind === 'meshes' || layer.kind === 'skeletons') {
    const ids = layer.kind === 'meshes' ? layer.meshes.keys() : layer.skeletons.keys()
    const color = layer.kind === 'skeletons' ? layer.color : undefined
    return {
      type: 'segmentation',
      name: layer.name,
      source,
      segments: [...ids].map(String),
      tab: 'segments',
      ...(color === undefined ? {} : { segmentDefaultColor: color }),
    }
  }
  if (layer.role === 'segmentation')
    return { type: 'segmentation', name: layer.name, source, tab: 'segments', selectedAlpha: 0.4 }
  return { type: 'image', name: layer.name, source, tab: 'rendering', ...drawing(layer, isFirst) }
}

/** The first is opaque; others lie half transparent over what is below them. */
function drawing(layer: ArrayLayer, isFirst: boolean): object {
  const usesRange = !(layer.role === 'probability' && layer.source.channels > 1)
  return {
    opacity: isFirst ? 1 : 0.5,
    shader: imageShader(layer),
    ...(usesRange ? { shaderControls: { normalized: { range: layer.range } } } : {}),
  }
}
