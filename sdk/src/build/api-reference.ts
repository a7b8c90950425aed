import type { OperatorEntry, PluginSlice } from '@chunkflow/kernel/authoring'
import { functionLines } from './api-types.js'

const BEGIN = '<!-- api:begin -->'
const END = '<!-- api:end -->'

/** Replaces what stands between the markers by the API reference of all operators. */
export function insertApiReference(text: string, slices: readonly PluginSlice[]): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`the API reference has no ${BEGIN} … ${END}`)
  const sections = slices.filter(({ operators }) => operators.length > 0).map(pluginSection)
  return `${text.slice(0, begin + BEGIN.length)}\n\n${sections.join('\n\n')}\n\n${text.slice(end)}`
}

function pluginSection({ package: name, description, operators }: PluginSlice): string {
  const title = name.replace(/^@chunkflow\/plugin-/, '')
  return [`### ${title}`, description, ...operators.map(operatorSection)].join('\n\n')
}

function operatorSection(entry: OperatorEntry): string {
  const [, ...lines] = functionLines(entry)
  const [first, ...rest] = lines.map((line) => line.replace(/^ {2}/, ''))
  return [
    `#### ${entry.name}`,
    `${entry.summary}.`,
    ['```ts', `operators.${first}`, ...rest, '```'].join('\n'),
  ].join('\n\n')
}
