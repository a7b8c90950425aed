/** What tests do with a Neuroglancer page: look at a place, read pixels and the values under the pointer. */
import { decode } from 'fast-png'
import type { WatchedPage } from './browser.js'

interface Trackable {
  toJSON(): Record<string, unknown>
  restoreState(state: unknown): void
  reset(): void
}
declare global {
  interface Window {
    viewer: { state: Trackable; isReady(): boolean }
  }
}

export type State = Record<string, unknown> & { layers: (Record<string, unknown> & { name: string })[] }

/** Until everything in view was loaded and drawn. */
export async function settled({ page }: WatchedPage): Promise<void> {
  await page.waitForFunction(() => window.viewer?.isReady(), null, { timeout: 60_000, polling: 100 })
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  )
}

export const stateOf = ({ page }: WatchedPage): Promise<State> =>
  page.evaluate(() => window.viewer.state.toJSON()) as Promise<State>

export interface View {
  readonly layout: 'xy' | 'xz'
  /** Voxels x y z; the middle of the voxel is in the middle of the window. */
  readonly voxel: readonly [number, number, number]
  /** Screen pixels for the finest voxel axis. */
  readonly pixels: number
  /** Layers to show; others are hidden. */
  readonly layers: readonly string[]
}

/** Reads a pixel so many pixels right of and below the middle. */
export type Picture = (right: number, down: number) => [red: number, green: number, blue: number]

/** Shows a place without crosses and bars. */
export async function lookAt(
  watched: WatchedPage,
  { layout, voxel, pixels, layers }: View,
): Promise<Picture> {
  const state = await stateOf(watched)
  const wanted = {
    ...state,
    layout,
    position: voxel.map((value) => value + 0.5),
    crossSectionScale: 1 / pixels,
    showAxisLines: false,
    showScaleBar: false,
    showDefaultAnnotations: false,
    layers: state.layers.map((layer) => ({ ...layer, visible: layers.includes(layer.name) })),
  }
  await watched.page.evaluate((value) => {
    window.viewer.state.reset()
    window.viewer.state.restoreState(value)
  }, wanted)
  await watched.page.mouse.move(5, 5)
  await settled(watched)
  const box = await watched.page.locator('.neuroglancer-rendered-data-panel').first().boundingBox()
  const { width, channels, data } = decode(await watched.page.screenshot())
  const middle = [Math.floor(box!.x + box!.width / 2), Math.floor(box!.y + box!.height / 2)] as const
  return (right, down) => {
    const at = ((middle[1] + down) * width + middle[0] + right) * channels
    return [data[at]!, data[at + 1]!, data[at + 2]!]
  }
}

/** What the page says lies in the middle of the window, by layer. */
export async function valuesInTheMiddle({ page }: WatchedPage): Promise<Record<string, string>> {
  const box = (await page.locator('.neuroglancer-rendered-data-panel').first().boundingBox())!
  await page.mouse.move(box.x + box.width / 2 - 3, box.y + box.height / 2 - 3)
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.waitForTimeout(300)
  return page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('.neuroglancer-layer-item')].map((item) => [
        item.querySelector('.neuroglancer-layer-item-label')?.textContent ?? '',
        item.querySelector('.neuroglancer-layer-item-value')?.textContent ?? '',
      ]),
    ),
  )
}
