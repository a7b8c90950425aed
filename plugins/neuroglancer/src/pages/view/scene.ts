import { AXES, type LayerDescription, type Triple } from './types.js'

/** How a layer is shown now. */
export interface LayerView {
  visible: boolean
  opacity: number
  low: number
  high: number
  /** Index of a channel, or all as red, green and blue. */
  channel: number | 'rgb'
}

/** Everything that the planes show, in nm; whoever changes it calls `changed`. */
export interface Scene {
  readonly layers: readonly LayerDescription[]
  readonly views: readonly LayerView[]
  /** The cross, z y x. */
  readonly position: Triple
  /** Middle of the windows, z y x. */
  readonly center: Triple
  nmPerPixel: number
  showCross: boolean
  /** The label that was read last, by layer, and whether only it is shown. */
  picked: readonly (string | undefined)[]
  onlyPicked: boolean
}

export const isLabels = (layer: LayerDescription): boolean => layer.role === 'segmentation'

export function createScene(layers: readonly LayerDescription[]): Scene {
  const middle = extentNm(layers[0]!).map(([low, high]) => (low + high) / 2) as Triple
  const scene: Scene = {
    layers,
    views: layers.map((layer, index) => firstView(layer, index)),
    position: middle,
    center: [...middle],
    nmPerPixel: 1,
    showCross: true,
    picked: layers.map(() => undefined),
    onlyPicked: false,
  }
  moveToVoxel(scene, voxelAt(scene))
  return scene
}

const firstView = (layer: LayerDescription, index: number): LayerView => ({
  visible: true,
  opacity: index === 0 ? 1 : isLabels(layer) ? 0.4 : 0.5,
  low: layer.range[0],
  high: layer.range[1],
  channel: layer.channels >= 3 && layer.role === 'probability' ? 'rgb' : 0,
})

export function resetWindows({ layers, views }: Scene): void {
  for (const [index, { range }] of layers.entries()) {
    views[index]!.low = range[0]
    views[index]!.high = range[1]
  }
}

/** Of the finest level, by axis. */
export function extentNm({ levels }: LayerDescription): [low: number, high: number][] {
  const { start, stop, voxelSizeNm } = levels[0]!
  return AXES.map((_, axis) => [start[axis]! * voxelSizeNm[axis]!, stop[axis]! * voxelSizeNm[axis]!])
}

const finest = ({ layers }: Scene) => layers[0]!.levels[0]!

/** The first layer's voxel at the cross. */
export const voxelAt = (scene: Scene): Triple =>
  scene.position.map((nm, axis) => Math.floor(nm / finest(scene).voxelSizeNm[axis]! + 1e-9)) as Triple

/** Puts the cross into the middle of a voxel of the first layer, inside it. */
export function moveToVoxel(scene: Scene, voxel: readonly number[]): void {
  const { start, stop, voxelSizeNm } = finest(scene)
  for (let axis = 0; axis < 3; axis++) {
    const inside = Math.max(start[axis]!, Math.min(stop[axis]! - 1, Math.round(voxel[axis]!)))
    scene.position[axis] = (inside + 0.5) * voxelSizeNm[axis]!
  }
}

/** Puts the cross into the voxel at a point. */
export function moveToPoint(scene: Scene, nm: readonly number[]): void {
  moveToVoxel(
    scene,
    nm.map((value, axis) => Math.floor(value / finest(scene).voxelSizeNm[axis]!)),
  )
}
