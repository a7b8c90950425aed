import { labelColor } from '@chunkflow/sdk/numerics'
import type { LayerView } from './scene.js'
import type { TileValues } from './tiles.js'
import type { LayerDescription } from './types.js'

/** Settings on which a tile's picture depends. */
export const paintKey = (view: LayerView, only: string | undefined): string =>
  `${view.low} ${view.high} ${view.channel} ${only ?? ''}`

/**
 * Paints the values of a tile: labels in their colours, 0 transparent; intensities between black and white.
 * @param only the one label to show
 */
export function paintTile(
  canvas: HTMLCanvasElement,
  values: TileValues,
  layer: LayerDescription,
  view: LayerView,
  only: string | undefined,
): void {
  const { width, height } = canvas
  const context = canvas.getContext('2d')!
  const image = context.createImageData(width, height)
  const pixels = new Uint32Array(image.data.buffer)
  if (layer.role === 'segmentation') paintLabels(values as Uint32Array | BigUint64Array, pixels, only)
  else paintGrey(values as Float32Array, pixels, layer.channels, view)
  context.putImageData(image, 0, 0)
}

const OPAQUE = 0xff000000

function paintLabels(
  labels: Uint32Array | BigUint64Array,
  pixels: Uint32Array,
  only: string | undefined,
): void {
  const big = labels instanceof BigUint64Array
  // two words a label: comparing them needs no bigint for every pixel
  const words = big ? new Uint32Array(labels.buffer, labels.byteOffset, labels.length * 2) : labels
  const step = big ? 2 : 1
  const chosen = only === undefined ? undefined : BigInt(only)
  const [chosenLow, chosenHigh] =
    chosen === undefined ? [0, 0] : [Number(chosen & 0xffffffffn), Number(chosen >> 32n)]
  let [lastLow, lastHigh, color] = [0, 0, 0]
  for (let index = 0; index < pixels.length; index++) {
    const low = words[index * step]!
    const high = big ? words[index * step + 1]! : 0
    if (low !== lastLow || high !== lastHigh) {
      lastLow = low
      lastHigh = high
      const shown = chosen === undefined || (low === chosenLow && high === chosenHigh)
      color = (low === 0 && high === 0) || !shown ? 0 : (OPAQUE | labelColor(low, high)) >>> 0
    }
    pixels[index] = color
  }
}

function paintGrey(
  values: Float32Array | Uint8Array | Uint16Array,
  pixels: Uint32Array,
  channels: number,
  { low, high, channel }: LayerView,
): void {
  const size = pixels.length
  const factor = 255 / (high > low ? high - low : 1)
  const level = (value: number): number => {
    const shown = (value - low) * factor
    return shown >= 255 ? 255 : shown > 0 ? Math.round(shown) : 0
  }
  if (channel === 'rgb' && channels >= 3) {
    for (let index = 0; index < size; index++)
      pixels[index] =
        (OPAQUE |
          level(values[index]!) |
          (level(values[size + index]!) << 8) |
          (level(values[2 * size + index]!) << 16)) >>>
        0
    return
  }
  const start = (channel === 'rgb' ? 0 : channel) * size
  for (let index = 0; index < size; index++)
    pixels[index] = (OPAQUE | (level(values[start + index]!) * 0x010101)) >>> 0
}
