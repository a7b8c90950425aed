import { chunkflowError } from '@chunkflow/sdk'

export interface LayerName {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
}

/** `prob[color=red,size=5]`: a variable, and how it is shown. @throws viewer-options */
export function parseLayerName(text: string): LayerName {
  const match = /^([^[\]]+)(?:\[([^[\]]*)\])?$/.exec(text)
  const parts = (match?.[2] ?? '').split(',').filter((part) => part.trim() !== '')
  const pairs = parts.map((part) => /^\s*([a-z]+)\s*=\s*([^=]+?)\s*$/.exec(part))
  if (match === null || pairs.includes(null))
    throw chunkflowError('viewer-options', `The layer "${text}" is not understood`, {
      fix: 'write a variable, or options in brackets behind it: prob[color=red], points[color=cyan,size=5]',
    })
  return { name: match[1]!, options: Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!])) }
}

/** Hexadecimal, or a name that browsers know: both are harmless in a shader. */
const COLOR = /^(#[0-9a-f]{3}|#[0-9a-f]{6}|[a-z]{3,20})$/i

/** Options in brackets, checked: unknown ones and impossible values are refused. */
export function readLayerOptions(
  { name, options }: LayerName,
  known: readonly ('color' | 'size')[],
): { readonly color: string | undefined; readonly size: number | undefined } {
  for (const key of Object.keys(options))
    if (!known.some((each) => each === key))
      throw chunkflowError('viewer-options', `The layer "${name}" has no option "${key}"`, {
        fix: known.length === 0 ? 'this kind of layer has none' : `options: ${known.join(', ')}`,
      })
  const { color, size } = options
  if (color !== undefined && !COLOR.test(color))
    throw chunkflowError('viewer-options', `"${color}" is not a colour (layer "${name}")`, {
      fix: 'give a name such as red, or #rrggbb',
    })
  if (size !== undefined && !(Number(size) > 0 && Number(size) <= 1000))
    throw chunkflowError('viewer-options', `"${size}" is not a size (layer "${name}")`, {
      fix: 'give pixels on the screen, 5 for instance',
    })
  return { color, size: size === undefined ? undefined : Number(size) }
}
