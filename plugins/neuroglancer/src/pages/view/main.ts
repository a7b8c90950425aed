import { addFinishButton } from '../shared/finish-button.js'
import { buildControls, element } from './controls.js'
import { listenToKeys } from './keyboard.js'
import { PlaneView } from './plane-view.js'
import { listenToPointers } from './pointer.js'
import { createScene, extentNm, isLabels, moveToPoint, moveToVoxel, resetWindows, voxelAt } from './scene.js'
import { TileStore } from './tiles.js'
import { AXES, type LayerDescription, PLANES, type PlaneName, type ValuesAtPoint } from './types.js'

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T
const main = byId('planes')
const readout = byId('readout')
const help = byId<HTMLDialogElement>('help')

const layers = (await (await fetch('layers.json')).json()) as LayerDescription[]
const scene = createScene(layers)
const names = layers.map(({ name }) => name).join(', ')
document.title = `${names} – chunkflow view`
byId('title').textContent = names

const tiles = new TileStore(layers, redraw, (reason) => {
  readout.textContent = `Voxels could not be read: ${reason}`
})

const panels = (Object.keys(PLANES) as PlaneName[]).map((name) => {
  const { normal } = PLANES[name]
  const { start, stop } = layers[0]!.levels[0]!
  const canvas = element('canvas', { tabIndex: 0 })
  canvas.setAttribute('role', 'img')
  const label = element('span', { className: 'name' })
  const busy = element('span', { className: 'busy', hidden: true }, 'loading')
  const slider = element('input', {
    type: 'range',
    min: String(start[normal]),
    max: String(stop[normal] - 1),
    step: '1',
  })
  slider.setAttribute('aria-label', `Section of the ${name} plane, ${AXES[normal]}`)
  const box = element('section', { className: 'plane' }, canvas, label, busy, slider)
  box.dataset.plane = name
  box.setAttribute('aria-label', `${name} plane`)
  main.append(box)
  const view = new PlaneView(name, canvas, scene, tiles)
  slider.addEventListener('input', () => setVoxel(normal, slider.valueAsNumber))
  canvas.addEventListener('focus', () => {
    active = view
  })
  listenToPointers(view, {
    choose(chosen, x, y) {
      active = chosen
      canvas.focus()
      moveToPoint(scene, chosen.pointAt(x, y))
      changed()
      void readValues()
    },
    pan({ plane: { across, down } }, deltaX, deltaY) {
      scene.center[across] -= deltaX * scene.nmPerPixel
      scene.center[down] -= deltaY * scene.nmPerPixel
      changed()
    },
    zoom(zoomed, factor, x, y) {
      const { across, down } = zoomed.plane
      const before = zoomed.pointAt(x, y)
      setScale(scene.nmPerPixel / factor)
      const after = zoomed.pointAt(x, y)
      scene.center[across] += before[across] - after[across]
      scene.center[down] += before[down] - after[down]
      changed()
    },
    step: (stepped, sections) =>
      setVoxel(stepped.plane.normal, voxelAt(scene)[stepped.plane.normal] + sections),
  })
  return { view, label, busy, slider, canvas, normal, name }
})
let active = panels[0]!.view

function setVoxel(axis: number, value: number): void {
  const voxel = voxelAt(scene)
  voxel[axis] = value
  moveToVoxel(scene, voxel)
  changed()
}

const setScale = (nmPerPixel: number): void => {
  const finest = Math.min(...layers[0]!.levels[0]!.voxelSizeNm)
  scene.nmPerPixel = Math.max(finest / 64, Math.min(finest * 4096, nmPerPixel))
}

/** All of the first layer in every plane that is shown. */
function fit(): void {
  const extent = extentNm(layers[0]!)
  const scales = panels.flatMap(({ view: { canvas, plane } }) =>
    canvas.clientWidth === 0
      ? []
      : [[plane.across, canvas.clientWidth] as const, [plane.down, canvas.clientHeight] as const].map(
          ([axis, pixels]) => (extent[axis]![1] - extent[axis]![0]) / Math.max(50, pixels * 0.96),
        ),
  )
  setScale(Math.max(...scales))
  for (const [axis, [low, high]] of extent.entries()) scene.center[axis] = (low + high) / 2
  changed()
}

function setLayout(name: string): void {
  main.dataset.layout = name
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-layout]'))
    if (button !== (main as HTMLElement))
      button.setAttribute('aria-pressed', String(button.dataset.layout === name))
  const shown = panels.find((panel) => panel.name === name)
  if (shown !== undefined) active = shown.view
  fit()
}

let readings = 0
/** Shows what every layer has at the cross; 64-bit labels come as text and stay exact. */
async function readValues(): Promise<void> {
  const reading = ++readings
  const [z, y, x] = scene.position
  const response = await fetch(`values?z=${z}&y=${y}&x=${x}`)
  const found = (await response.json()) as ValuesAtPoint[]
  if (reading !== readings) return
  readout.textContent = [
    `z ${found[0]!.voxel[0]}, y ${found[0]!.voxel[1]}, x ${found[0]!.voxel[2]}`,
    ...found.map(({ name, values }) => `${name}: ${values === null ? 'outside' : values.join(' ')}`),
  ].join('\n')
  scene.picked = found.map(({ values }, index) => (isLabels(layers[index]!) ? values?.[0] : undefined))
  if (scene.onlyPicked) changed()
}

const controls = buildControls(byId<HTMLFormElement>('controls'), scene, {
  voxel: () => voxelAt(scene),
  move: setVoxel,
  changed,
})

let scheduled = false
function redraw(): void {
  if (scheduled) return
  scheduled = true
  requestAnimationFrame(() => {
    scheduled = false
    const wanted = new Set<string>()
    let complete = true
    for (const { view, busy } of panels) {
      const done = view.draw(wanted)
      busy.hidden = done
      complete &&= done
    }
    tiles.keepOnly(wanted)
    document.body.dataset.complete = String(complete)
  })
}

function changed(): void {
  const voxel = voxelAt(scene)
  for (const { label, slider, normal, canvas, name } of panels) {
    label.textContent = `${name}  ${AXES[normal]} ${voxel[normal]}`
    slider.value = String(voxel[normal])
    canvas.setAttribute(
      'aria-label',
      `${name} plane at ${AXES[normal]} ${voxel[normal]}, cross at z ${voxel.join(', ')} (z, y, x)`,
    )
  }
  controls.update()
  document.body.dataset.complete = 'false'
  redraw()
}

const showHelp = (): void => help.showModal()
const labelViews = () => scene.views.filter((_, index) => isLabels(layers[index]!))
const actions: Readonly<Record<string, () => void>> = {
  'zoom-in': () => zoom(1.25),
  'zoom-out': () => zoom(0.8),
  fit,
  help: showHelp,
}
function zoom(factor: number): void {
  setScale(scene.nmPerPixel / factor)
  changed()
}
listenToKeys({
  move(across, down) {
    const voxel = voxelAt(scene)
    voxel[active.plane.across] += across
    voxel[active.plane.down] += down
    moveToVoxel(scene, voxel)
    changed()
  },
  step: (sections) => setVoxel(active.plane.normal, voxelAt(scene)[active.plane.normal] + sections),
  read: () => void readValues(),
  zoom,
  fit,
  layout: setLayout,
  toggleLabels() {
    for (const view of labelViews()) view.visible = !view.visible
    changed()
  },
  fade(amount) {
    for (const view of labelViews()) view.opacity = Math.max(0, Math.min(1, view.opacity + amount))
    changed()
  },
  togglePicked() {
    scene.onlyPicked = !scene.onlyPicked
    changed()
  },
  resetWindows() {
    resetWindows(scene)
    changed()
  },
  toggleCross() {
    scene.showCross = !scene.showCross
    changed()
  },
  help: showHelp,
})
for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-layout]'))
  button.addEventListener('click', () => setLayout(button.dataset.layout!))
for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-action]'))
  button.addEventListener('click', () => actions[button.dataset.action!]!())
byId('help-close').addEventListener('click', () => help.close())
new ResizeObserver(redraw).observe(main)

setLayout(matchMedia('(max-width: 760px)').matches ? 'xy' : 'all')
await addFinishButton(byId('finish-place'))
