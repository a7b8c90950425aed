import { isLabels, type Scene } from './scene.js'
import { AXES, type LayerDescription } from './types.js'

/** Fields that show the scene and change it. */
export interface Controls {
  /** Shows what changed elsewhere. */
  update(): void
}

/** Makes an element with properties and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

interface Field {
  readonly input: HTMLInputElement | HTMLSelectElement
  readonly show: () => string | boolean
}

/**
 * The form beside the planes: a field for each axis of the cross and for each setting of each layer.
 * @param move gets the voxel that was typed, z y x
 */
export function buildControls(
  form: HTMLFormElement,
  scene: Scene,
  {
    move,
    changed,
    voxel,
  }: { move: (axis: number, voxel: number) => void; changed: () => void; voxel: () => readonly number[] },
): Controls {
  const fields: Field[] = []
  const labelled = (
    text: string,
    input: HTMLInputElement | HTMLSelectElement,
    show: Field['show'],
    onInput: () => void,
  ): HTMLLabelElement => {
    fields.push({ input, show })
    input.addEventListener(
      input instanceof HTMLInputElement && input.type === 'number' ? 'change' : 'input',
      onInput,
    )
    return element('label', {}, text, input)
  }
  const number = (
    text: string,
    low: number,
    high: number,
    step: number | 'any',
    read: () => number,
    write: (value: number) => void,
  ) => {
    const input = element('input', {
      type: 'number',
      min: String(low),
      max: String(high),
      step: String(step),
    })
    return labelled(
      text,
      input,
      () => format(read()),
      () => {
        if (Number.isFinite(input.valueAsNumber)) write(input.valueAsNumber)
        changed()
      },
    )
  }
  const range = (
    text: string,
    low: number,
    high: number,
    read: () => number,
    write: (value: number) => void,
  ) => {
    const input = element('input', {
      type: 'range',
      min: String(low),
      max: String(high),
      step: String((high - low) / 255),
    })
    return labelled(
      text,
      input,
      () => String(read()),
      () => {
        write(input.valueAsNumber)
        changed()
      },
    )
  }
  const check = (text: string, read: () => boolean, write: (value: boolean) => void) => {
    const input = element('input', { type: 'checkbox' })
    return labelled(text, input, read, () => {
      write(input.checked)
      changed()
    })
  }

  const { start, stop } = scene.layers[0]!.levels[0]!
  form.append(
    element(
      'fieldset',
      {},
      element('legend', {}, 'Position (voxels)'),
      ...AXES.map((name, axis) =>
        number(
          name,
          start[axis]!,
          stop[axis]! - 1,
          1,
          () => voxel()[axis]!,
          (value) => move(axis, value),
        ),
      ),
    ),
  )
  for (const [index, layer] of scene.layers.entries()) {
    const view = scene.views[index]!
    const box = element(
      'fieldset',
      {},
      element('legend', {}, layer.name),
      element('p', { className: 'note' }, describe(layer)),
    )
    box.append(
      check(
        'shown',
        () => view.visible,
        (value) => Object.assign(view, { visible: value }),
      ),
    )
    box.append(
      range(
        'opacity',
        0,
        1,
        () => view.opacity,
        (value) => Object.assign(view, { opacity: value }),
      ),
    )
    if (!isLabels(layer)) {
      const [low, high] = sliderRange(layer)
      box.append(
        range(
          'black',
          low,
          high,
          () => view.low,
          (value) => Object.assign(view, { low: Math.min(value, view.high) }),
        ),
      )
      box.append(
        range(
          'white',
          low,
          high,
          () => view.high,
          (value) => Object.assign(view, { high: Math.max(value, view.low) }),
        ),
      )
      box.append(
        number(
          'black at',
          low,
          high,
          'any',
          () => view.low,
          (value) => Object.assign(view, { low: value }),
        ),
      )
      box.append(
        number(
          'white at',
          low,
          high,
          'any',
          () => view.high,
          (value) => Object.assign(view, { high: value }),
        ),
      )
    }
    if (layer.channels > 1) {
      const select = element('select')
      if (layer.channels >= 3)
        select.append(element('option', { value: 'rgb' }, 'first three: red, green, blue'))
      for (let channel = 0; channel < layer.channels; channel++)
        select.append(element('option', { value: String(channel) }, String(channel)))
      box.append(
        labelled(
          'channel',
          select,
          () => String(view.channel),
          () => {
            view.channel = select.value === 'rgb' ? 'rgb' : Number(select.value)
            changed()
          },
        ),
      )
    }
    form.append(box)
  }
  if (scene.layers.some(isLabels))
    form.append(
      element(
        'fieldset',
        {},
        element('legend', {}, 'Labels'),
        check(
          'only picked',
          () => scene.onlyPicked,
          (value) => {
            scene.onlyPicked = value
          },
        ),
      ),
    )
  form.addEventListener('submit', (event) => event.preventDefault())
  return {
    update: () => {
      for (const { input, show } of fields) {
        const shown = show()
        if (typeof shown === 'boolean') (input as HTMLInputElement).checked = shown
        else if (document.activeElement !== input || input.value !== shown) input.value = shown
      }
    },
  }
}

const format = (value: number): string =>
  String(Number.isInteger(value) ? value : Number(value.toPrecision(6)))

/** Bytes have 0 to 255; others the range that most voxels fill, and as much again on both sides. */
function sliderRange({ range: [low, high], tileDtype, role }: LayerDescription): [number, number] {
  if (tileDtype === 'uint8' || role === 'probability') return [low, high]
  return [low - (high - low), high + (high - low)]
}

function describe({ dtype, channels, levels }: LayerDescription): string {
  const { start, stop, voxelSizeNm } = levels[0]!
  const size = stop.map((value, axis) => value - start[axis]!).join(' × ')
  return `${dtype}, ${channels > 1 ? `${channels} channels, ` : ''}${size} (z y x), at ${start.join(' ')}, voxels of ${voxelSizeNm.join(' × ')} nm`
}
