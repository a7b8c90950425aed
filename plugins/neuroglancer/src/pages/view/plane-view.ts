import { paintKey, paintTile } from './paint.js'
import { isLabels, type Scene } from './scene.js'
import { pathOf, type Tile, type TileStore } from './tiles.js'
import {
  type LayerDescription,
  PLANES,
  type PlaneName,
  TILE_VOXELS,
  type TileAddress,
  type Triple,
} from './types.js'

const CROSS_COLORS = ['#8fa8ff', '#7ee08a', '#ff8f8f'] as const

/** A tile and the rectangle of the canvas that it fills. */
interface PlacedTile {
  readonly address: TileAddress
  readonly tile: Tile | undefined
  /** Voxels. */
  readonly columns: number
  readonly rows: number
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Draws one plane of the scene. */
export class PlaneView {
  readonly plane
  #shownOnce = false
  constructor(
    readonly name: PlaneName,
    readonly canvas: HTMLCanvasElement,
    readonly scene: Scene,
    readonly tiles: TileStore,
  ) {
    this.plane = PLANES[name]
  }

  /** Device pixels of the canvas; 0 × 0 while it is hidden. */
  get size(): [width: number, height: number] {
    const { clientWidth, clientHeight } = this.canvas
    return [Math.round(clientWidth * devicePixelRatio), Math.round(clientHeight * devicePixelRatio)]
  }

  /** The point of the plane under a CSS pixel of the canvas, in nm. */
  pointAt(x: number, y: number): Triple {
    const { across, down } = this.plane
    const { center, nmPerPixel, position } = this.scene
    const point: Triple = [...position]
    point[across] = center[across] + (x - this.canvas.clientWidth / 2) * nmPerPixel
    point[down] = center[down] + (y - this.canvas.clientHeight / 2) * nmPerPixel
    return point
  }

  /**
   * Draws what is there. Until the section's tiles have come, the last complete picture stays.
   * @param wanted gets the paths of all tiles that are looked at
   * @returns true when nothing is missing
   */
  draw(wanted: Set<string>): boolean {
    const [width, height] = this.size
    if (width === 0 || height === 0) return true
    const placed = this.scene.layers.map((layer, index) =>
      this.scene.views[index]!.visible ? this.#place(layer, index, width, height) : [],
    )
    for (const { address } of placed.flat()) wanted.add(pathOf(address))
    const complete = placed.flat().every(({ tile }) => tile !== undefined)
    if (!complete && this.#shownOnce && this.canvas.width === width && this.canvas.height === height)
      return false
    this.canvas.width = width
    this.canvas.height = height
    const context = this.canvas.getContext('2d')!
    for (const [index, tiles] of placed.entries()) {
      context.globalAlpha = this.scene.views[index]!.opacity
      for (const each of tiles) this.#drawTile(context, each, index)
    }
    context.globalAlpha = 1
    if (this.scene.showCross) this.#drawCross(context)
    this.#drawScaleBar(context)
    this.#shownOnce = complete
    return complete
  }

  /** The tiles of the level that fits the pixels, as far as they are in the window. */
  #place(layer: LayerDescription, index: number, width: number, height: number): PlacedTile[] {
    const { across, down, normal } = this.plane
    const { center, position } = this.scene
    const nmPerPixel = this.scene.nmPerPixel / devicePixelRatio
    const number = chooseLevel(layer, nmPerPixel, across, down)
    const { start, stop, voxelSizeNm } = layer.levels[number]!
    const at = Math.floor(position[normal] / voxelSizeNm[normal])
    if (at < start[normal] || at >= stop[normal]) return []
    const pixelOf = (axis: 0 | 1 | 2, voxel: number, middle: number): number =>
      (voxel * voxelSizeNm[axis] - center[axis]) / nmPerPixel + middle
    const placed: PlacedTile[] = []
    const spanOf = (axis: 0 | 1 | 2, tile: number): [number, number] => {
      const low = start[axis] + tile * TILE_VOXELS
      return [low, Math.min(low + TILE_VOXELS, stop[axis])]
    }
    for (let row = 0; start[down] + row * TILE_VOXELS < stop[down]; row++)
      for (let column = 0; start[across] + column * TILE_VOXELS < stop[across]; column++) {
        const [x0, x1] = spanOf(across, column)
        const [y0, y1] = spanOf(down, row)
        // whole pixels, so that neighbouring tiles share their edge
        const [left, right] = [x0, x1].map((voxel) => Math.round(pixelOf(across, voxel, width / 2))) as [
          number,
          number,
        ]
        const [top, bottom] = [y0, y1].map((voxel) => Math.round(pixelOf(down, voxel, height / 2))) as [
          number,
          number,
        ]
        if (right <= 0 || bottom <= 0 || left >= width || top >= height) continue
        const address = { layer: index, level: number, plane: this.name, at, row, column }
        placed.push({
          address,
          tile: this.tiles.get(address),
          columns: x1 - x0,
          rows: y1 - y0,
          left,
          top,
          width: right - left,
          height: bottom - top,
        })
      }
    return placed
  }

  #drawTile(context: CanvasRenderingContext2D, placed: PlacedTile, index: number): void {
    const { tile, columns, rows } = placed
    if (tile === undefined) return
    const { layers, views, picked, onlyPicked } = this.scene
    const layer = layers[index]!
    const view = views[index]!
    const only = onlyPicked && isLabels(layer) ? picked[index] : undefined
    const key = paintKey(view, only)
    if (tile.picture?.key !== key) {
      const canvas = tile.picture?.canvas ?? document.createElement('canvas')
      canvas.width = columns
      canvas.height = rows
      paintTile(canvas, tile.values, layer, view, only)
      tile.picture = { canvas, key }
    }
    context.imageSmoothingEnabled = !isLabels(layer) && placed.width < columns
    context.drawImage(tile.picture.canvas, placed.left, placed.top, placed.width, placed.height)
  }

  #drawCross(context: CanvasRenderingContext2D): void {
    const { across, down } = this.plane
    const { center, position } = this.scene
    const nmPerPixel = this.scene.nmPerPixel / devicePixelRatio
    const { width, height } = this.canvas
    const x = Math.round((position[across] - center[across]) / nmPerPixel + width / 2)
    const y = Math.round((position[down] - center[down]) / nmPerPixel + height / 2)
    const gap = 8 * devicePixelRatio
    context.lineWidth = devicePixelRatio
    for (const [axis, points] of [
      [across, [0, y, x - gap, y, x + gap, y, width, y]],
      [down, [x, 0, x, y - gap, x, y + gap, x, height]],
    ] as const) {
      context.strokeStyle = CROSS_COLORS[axis]
      context.beginPath()
      context.moveTo(points[0], points[1])
      context.lineTo(points[2], points[3])
      context.moveTo(points[4], points[5])
      context.lineTo(points[6], points[7])
      context.stroke()
    }
  }

  /** A length of 1, 2 or 5 times a power of ten, about a fifth of the window. */
  #drawScaleBar(context: CanvasRenderingContext2D): void {
    const { width, height } = this.canvas
    const nmPerPixel = this.scene.nmPerPixel / devicePixelRatio
    const wanted = (width / 5) * nmPerPixel
    const power = 10 ** Math.floor(Math.log10(wanted))
    const nm = power * ([5, 2].find((step) => step * power <= wanted) ?? 1)
    const unit = devicePixelRatio
    const [left, bottom, length] = [10 * unit, height - 10 * unit, nm / nmPerPixel]
    const text = nm >= 1000 ? `${nm / 1000} µm` : `${nm} nm`
    context.font = `${12 * unit}px system-ui, sans-serif`
    const textWidth = context.measureText(text).width
    context.fillStyle = 'rgb(0 0 0 / 70%)'
    context.fillRect(left - 6 * unit, bottom - 22 * unit, Math.max(length, textWidth) + 12 * unit, 28 * unit)
    context.fillStyle = '#fff'
    context.fillRect(left, bottom - 4 * unit, length, 4 * unit)
    context.fillText(text, left, bottom - 8 * unit)
  }
}

/** The coarsest level whose voxels are no larger than a pixel, else the finest. */
function chooseLevel(layer: LayerDescription, nmPerPixel: number, across: number, down: number): number {
  const fits = layer.levels.map(({ voxelSizeNm }) =>
    [across, down].every((axis) => voxelSizeNm[axis]! <= nmPerPixel * 1.01),
  )
  return Math.max(0, fits.lastIndexOf(true))
}
