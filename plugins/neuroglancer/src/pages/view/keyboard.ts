/** What keys do; see the help on the page. */
export interface KeyActions {
  /** Along the active plane's axes, in voxels. */
  move(across: number, down: number): void
  step(sections: number): void
  read(): void
  zoom(factor: number): void
  fit(): void
  layout(name: string): void
  toggleLabels(): void
  fade(amount: number): void
  togglePicked(): void
  resetWindows(): void
  toggleCross(): void
  help(): void
}

/** Keys that work wherever the focus is, except in fields that need them. */
export function listenToKeys(actions: KeyActions): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (document.querySelector('dialog[open]') !== null) return
    const target = event.target as HTMLElement
    if (target.matches('input, select, textarea')) return
    if (event.key === 'Enter' && target.matches('button')) return
    const action = actionOf(event, actions)
    if (action === undefined) return
    event.preventDefault()
    action()
  })
}

function actionOf(event: KeyboardEvent, actions: KeyActions): (() => void) | undefined {
  const far = event.shiftKey ? 10 : 1
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => actions.move(-far, 0),
    ArrowRight: () => actions.move(far, 0),
    ArrowUp: () => actions.move(0, -far),
    ArrowDown: () => actions.move(0, far),
    ',': () => actions.step(-1),
    '.': () => actions.step(1),
    '<': () => actions.step(-10),
    '>': () => actions.step(10),
    PageUp: () => actions.step(-far),
    PageDown: () => actions.step(far),
    Enter: () => actions.read(),
    '+': () => actions.zoom(1.25),
    '=': () => actions.zoom(1.25),
    '-': () => actions.zoom(0.8),
    '0': () => actions.fit(),
    '1': () => actions.layout('xy'),
    '2': () => actions.layout('zy'),
    '3': () => actions.layout('xz'),
    '4': () => actions.layout('all'),
    o: () => actions.toggleLabels(),
    '[': () => actions.fade(-0.1),
    ']': () => actions.fade(0.1),
    l: () => actions.togglePicked(),
    w: () => actions.resetWindows(),
    c: () => actions.toggleCross(),
    h: () => actions.help(),
    '?': () => actions.help(),
  }
  return Object.hasOwn(keys, event.key) ? keys[event.key] : undefined
}
