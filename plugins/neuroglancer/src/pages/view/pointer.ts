import type { PlaneView } from './plane-view.js'

export interface Gestures {
  /** A point was chosen, CSS pixels of the canvas. */
  choose(view: PlaneView, x: number, y: number): void
  pan(view: PlaneView, deltaX: number, deltaY: number): void
  /** Zooms about a point: `factor` above 1 comes nearer. */
  zoom(view: PlaneView, factor: number, x: number, y: number): void
  /** Sections along the normal. */
  step(view: PlaneView, sections: number): void
}

/** How far a pointer may move and still be a click, CSS pixels. */
const CLICK_PIXELS = 4

/** Mouse, pen and fingers on a plane: click or tap, drag, wheel, two fingers. */
export function listenToPointers(view: PlaneView, gestures: Gestures): void {
  const { canvas } = view
  const pointers = new Map<number, { x: number; y: number }>()
  let moved = false
  const place = (event: MouseEvent): { x: number; y: number } => {
    const { left, top } = canvas.getBoundingClientRect()
    return { x: event.clientX - left, y: event.clientY - top }
  }
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId)
    if (pointers.size === 0) moved = false
    else moved = true
    pointers.set(event.pointerId, place(event))
  })
  canvas.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId)
    if (before === undefined) return
    const now = place(event)
    const [deltaX, deltaY] = [now.x - before.x, now.y - before.y]
    if (!moved && Math.hypot(deltaX, deltaY) < CLICK_PIXELS) return
    moved = true
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
    pointers.set(event.pointerId, now)
    if (other === undefined) gestures.pan(view, deltaX, deltaY)
    else {
      const distance = (from: { x: number; y: number }): number =>
        Math.hypot(from.x - other.x, from.y - other.y)
      const factor = distance(now) / Math.max(1, distance(before))
      gestures.zoom(view, factor, (now.x + other.x) / 2, (now.y + other.y) / 2)
    }
  })
  const lift = (event: PointerEvent): void => {
    const down = pointers.delete(event.pointerId)
    if (!down || moved || event.type !== 'pointerup') return
    const { x, y } = place(event)
    gestures.choose(view, x, y)
  }
  canvas.addEventListener('pointerup', lift)
  canvas.addEventListener('pointercancel', lift)
  let rest = 0
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault()
      const { x, y } = place(event)
      if (event.ctrlKey || event.metaKey) {
        gestures.zoom(view, Math.exp(-event.deltaY / 300), x, y)
        return
      }
      // touch pads send many small steps, wheels one of about a hundred pixels
      rest += event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY / 50 : event.deltaY
      const whole = Math.trunc(Math.abs(rest) >= 1 ? Math.sign(rest) : 0)
      if (whole === 0) return
      rest = 0
      gestures.step(view, whole)
    },
    { passive: false },
  )
}
