/** `view` and `chunkflow open --with view` in a real browser: pixels, exact labels, keyboard, telephone, accessibility. */
import path from 'node:path'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT, readHdf5, succeeds, workFolder } from '../pipelines/chunkflow.js'
import { browserWhile, openPage, startViewing, type WatchedPage } from './browser.js'

const test = suite('slice viewer')
const folder = workFolder()
const { cwd, file } = folder
const browserNow = browserWhile(test)
test.after(() => folder.remove())

async function viewing(
  line: string,
  look: (page: WatchedPage) => Promise<void>,
  size?: { width: number; height: number },
): Promise<void> {
  const browser = browserNow()
  if (browser === null) return
  const session = await startViewing(line, { cwd })
  try {
    const watched = await openPage(browser, session, size)
    await drawn(watched.page)
    await look(watched)
    assert.equal(watched.troubles, [])
    await watched.page.close()
    assert.is(await session.interrupt(), 0, session.output().stderr)
  } finally {
    session.child.kill('SIGKILL')
  }
}

const drawn = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => document.body.dataset.complete === 'true', null, { timeout: 30_000 })

/** Colours of the canvas at voxels of the plane, counted from the cross, for a picture of one pixel a voxel and more. */
async function pixelsAt(
  page: Page,
  plane: string,
  places: readonly (readonly [right: number, down: number])[],
  voxelsPerPlane: number,
): Promise<number[][]> {
  return page.evaluate(
    ([name, list, voxels]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`[data-plane="${name}"] canvas`)!
      const context = canvas.getContext('2d')!
      const { width, height, data } = context.getImageData(0, 0, canvas.width, canvas.height)
      // the page fits the picture into 96 % of the smaller side
      const each = (Math.min(width, height) * 0.96) / (voxels as number)
      return (list as [number, number][]).map(([right, down]) => {
        const x = Math.floor(width / 2 + (right + 0.5) * each)
        const y = Math.floor(height / 2 + (down + 0.5) * each)
        return [...data.slice((y * width + x) * 4, (y * width + x) * 4 + 3)]
      })
    },
    [plane, places, voxelsPerPlane] as const,
  )
}

const readout = (page: Page): Promise<string | null> => page.locator('#readout').textContent()

test('T4: grey slices of a chunk, in three planes', async () => {
  await succeeds('create-chunk save-h5 -f sin.h5', { cwd })
  const opened = await readHdf5(file('sin.h5'))
  const { values } = opened.dataset('main')
  opened.close()
  const at = (z: number, y: number, x: number): number => Number(values[(z * 64 + y) * 64 + x])
  await viewing('create-chunk view', async ({ page, screenshot }) => {
    await screenshot('t4-view')
    await page.keyboard.press('c')
    await drawn(page)
    const places = [
      [0, 0],
      [5, -7],
      [-9, 3],
    ] as const
    const grey = (value: number): number[] => [value, value, value]
    // all planes pass through the middle voxel 32 32 32; the middle of the window is its first corner
    for (const [plane, value] of [
      ['xy', (u: number, v: number) => at(32, 32 + v, 32 + u)],
      ['xz', (u: number, v: number) => at(32 + v, 32, 32 + u)],
      ['zy', (u: number, v: number) => at(32 + u, 32 + v, 32)],
    ] as const)
      assert.equal(
        await pixelsAt(page, plane, places, 64),
        places.map(([u, v]) => grey(value(u, v))),
        plane,
      )
    await page.locator('[data-plane="xy"] canvas').focus()
    await page.keyboard.press('.')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.querySelector('#readout')?.textContent?.includes('z 33'))
    assert.is(await readout(page), `z 33, y 31, x 42\nchunk: ${at(33, 31, 42)}`)
    await drawn(page)
    const [next] = await pixelsAt(page, 'xy', [[3, 3]], 64)
    assert.equal(next, grey(at(33, 35, 35)))
  })
})

/** Four sections of 40 nm, the largest extent, are 40 voxels of 4 nm: so many fill 96 % of the height of the xz plane. */
const DOWN = 40

test('labels over an image: exact 64-bit ids, the same colour everywhere, opacity', async () => {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  const ids = [0n, 2n ** 53n + 1n, 2n ** 64n - 1n]
  const labels = BigUint64Array.from(
    { length: 4 * 20 * 30 },
    (_, index) => ids[Math.floor((index % 30) / 10)]!,
  )
  const made = new h5wasm.File(file('ids.h5'), 'w')
  made.create_dataset({ name: 'main', data: labels, shape: [4, 20, 30] })
  made.create_dataset({ name: 'voxel_offset', data: new BigInt64Array([7n, -3n, 11n]), shape: [3] })
  made.close()
  const line =
    'create-chunk --size 4 20 30 --voxel-offset 7 -3 11 --pattern zero -o image load-h5 -f ids.h5 -o seg view -i image -s seg --voxel-size 40 4 4'
  await viewing(line, async ({ page, screenshot }) => {
    await screenshot('labels-view')
    const click = async (right: number): Promise<string | null> => {
      const canvas = page.locator('[data-plane="xy"] canvas')
      const box = (await canvas.boundingBox())!
      const each = (box.height * 0.96) / DOWN
      const before = await readout(page)
      await canvas.click({
        position: { x: box.width / 2 + (right + 0.5) * each, y: box.height / 2 + each / 2 },
      })
      await page.waitForFunction((text) => document.querySelector('#readout')?.textContent !== text, before)
      return readout(page)
    }
    assert.is(await click(0), `z 9, y 7, x 26\nimage: 0\nseg: ${2n ** 53n + 1n}`)
    assert.is(await click(12), `z 9, y 7, x 38\nimage: 0\nseg: ${2n ** 64n - 1n}`)
    assert.is(await click(-10), 'z 9, y 7, x 16\nimage: 0\nseg: 0')
    await page.keyboard.press('c')
    await drawn(page)
    const colors = async () =>
      page.evaluate((down) => {
        const canvas = document.querySelector<HTMLCanvasElement>('[data-plane="xy"] canvas')!
        const { width, height, data } = canvas
          .getContext('2d')!
          .getImageData(0, 0, canvas.width, canvas.height)
        const each = (height * 0.96) / down
        return [-10, 0, 12].map((right) => {
          const at = (Math.floor(height / 2) * width + Math.floor(width / 2 + (right + 0.5) * each)) * 4
          return [...data.slice(at, at + 3)]
        })
      }, DOWN)
    const [background, one, other] = await colors()
    assert.equal(background, [0, 0, 0])
    assert.ok(Math.max(...one!) > 60 && Math.max(...other!) > 60)
    assert.not.equal(one, other)
    // stronger labels, then none
    await page.keyboard.press(']')
    await drawn(page)
    assert.ok(Math.max(...(await colors())[1]!) > Math.max(...one!))
    await page.keyboard.press('o')
    await drawn(page)
    assert.equal(await colors(), [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ])
  })
})

test('on a telephone: one plane, no sideways scrolling, fingers', async () => {
  const sample = path.join(ROOT, 'test/fixtures/fib25/slab.h5')
  const line = `load-h5 -f ${sample} --dataset-path /image -o image load-h5 -f ${sample} --dataset-path /label --layer-type segmentation -o seg view -i image -s seg`
  await viewing(
    line,
    async ({ page, screenshot }) => {
      await screenshot('phone-view')
      const sizes = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        planes: [...document.querySelectorAll<HTMLElement>('.plane')].filter((plane) => plane.offsetWidth > 0)
          .length,
        buttons: Math.min(
          ...[...document.querySelectorAll('button')]
            .filter((button) => button.offsetWidth > 0)
            .map((button) => button.offsetHeight),
        ),
      }))
      assert.equal([sizes.wide, sizes.planes], [390, 1])
      assert.ok(sizes.buttons >= 40, `buttons of ${sizes.buttons} pixels`)
      await page.getByRole('button', { name: 'xz' }).click()
      await drawn(page)
      await page.getByLabel('Section of the xz plane, y').fill('200')
      await drawn(page)
      assert.match(String(await page.locator('[data-plane="xz"] .name').textContent()), /y 200/)
    },
    { width: 390, height: 844 },
  )
})

test('accessible: everything has a name, text has contrast, the keyboard is enough', async () => {
  await viewing('create-chunk --size 8 32 32 view', async ({ page, screenshot }) => {
    const unnamed = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, input, select, canvas')]
        .filter((element) => element.offsetWidth > 0)
        .filter((element) => {
          const labels = (element as HTMLInputElement).labels
          const name = element.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? element.textContent
          return (name ?? '').trim() === ''
        })
        .map((element) => element.outerHTML),
    )
    assert.equal(unnamed, [])
    assert.equal(await page.evaluate(lowContrast), [])
    // the planes are reached with Tab alone, help opens and closes by keys and gives the focus back
    const reached: string[] = []
    for (let step = 0; step < 20; step++) {
      await page.keyboard.press('Tab')
      reached.push(await page.evaluate(() => document.activeElement?.tagName ?? ''))
    }
    assert.ok(
      ['BUTTON', 'CANVAS', 'INPUT'].every((tag) => reached.includes(tag)),
      reached.join(),
    )
    await page.locator('[data-plane="zy"] canvas').focus()
    await page.keyboard.press('h')
    assert.ok(await page.locator('#help').isVisible())
    await screenshot('help-view')
    await page.keyboard.press('Escape')
    assert.not.ok(await page.locator('#help').isVisible())
    assert.match(
      String(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))),
      /^zy plane at x 16/,
    )
  })
})

/** Runs in the page: texts whose contrast with their ground is below WCAG's 4.5 to 1. */
function lowContrast(): string[] {
  const parse = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (color: number[]): number => {
    const [red, green, blue] = color
      .slice(0, 3)
      .map((value) => value / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)) as [
      number,
      number,
      number,
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const groundOf = (element: Element | null): number[] => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor)
      if (color.length === 3 || (color[3] ?? 0) > 0.5) return color
    }
    return [255, 255, 255]
  }
  return [...document.querySelectorAll('h1, p, legend, label, button, span, input[type=number], select')]
    .filter((element) => (element as HTMLElement).offsetWidth > 0)
    .flatMap((element) => {
      const [text, ground] = [luminance(parse(getComputedStyle(element).color)), luminance(groundOf(element))]
      const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)
      return ratio < 4.5 ? [`${element.tagName} ${element.textContent} ${ratio.toFixed(1)}`] : []
    })
}

test('open: a volume and a stack of PNG files side by side, without a chain', async () => {
  await succeeds(
    'create-chunk --size 5 40 60 --dtype uint32 save-precomputed -v file://labels --block-size 4 16 16 create-chunk --size 5 40 60 save-pngs -o pngs',
    { cwd },
  )
  await viewing('open pngs labels --with view', async ({ page, screenshot }) => {
    await screenshot('open-view')
    assert.is(await page.locator('#title').textContent(), 'pngs, labels')
    await page.locator('[data-plane="xy"] canvas').focus()
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.querySelector('#readout')?.textContent?.includes('labels'))
    assert.match(String(await readout(page)), /^z 2, y 20, x 30\npngs: \d+\nlabels: \d+$/)
  })
})

test.run()
