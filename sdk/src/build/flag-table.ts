import {
  type FlagDefinition,
  kebabCase,
  negativeNames,
  type OperatorEntry,
  type PluginSlice,
} from '@chunkflow/kernel/authoring'

const BEGIN = '<!-- flags:begin -->'
const END = '<!-- flags:end -->'

/** Replaces what stands between the markers of a README by the plugin's operator reference. Undefined without markers. */
export function insertReference(readme: string, slice: PluginSlice): string | undefined {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin < 0 || end < begin) return undefined
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${pluginReference(slice)}\n\n${readme.slice(end)}`
}

/** The rows of the overview table of plugins, between its markers. */
export function insertPluginTable(readme: string, slices: readonly PluginSlice[]): string {
  const rows = slices.map(({ package: name, operators, services }) => {
    const folder = name.replace(/^@chunkflow\/plugin-/, '')
    const listed = operators.map((entry) => `\`${entry.name}\``)
    return `| [${folder}](plugins/${folder}/README.md) | ${listed.join(' ')} | ${servicesByToken(services)} |`
  })
  return readme.replace(
    /(<!-- plugins:begin -->)[\s\S]*?(<!-- plugins:end -->)/,
    (_, begin: string, end: string) =>
      `${begin}\n\n| plugin | operators | services |\n| --- | --- | --- |\n${rows.join('\n')}\n\n${end}`,
  )
}

/** `queue sqs; storage file, mem`: families with their keys. */
function servicesByToken(services: PluginSlice['services']): string {
  const families = new Map<string, string[]>()
  for (const { token, key } of services) {
    const keys = families.get(token) ?? []
    families.set(token, key === undefined ? keys : [...keys, key])
  }
  return [...families]
    .map(([token, keys]) => [token.replace('chunkflow.', ''), keys.join(', ')].filter(Boolean).join(' '))
    .join('; ')
}

/** Markdown: services, hooks, then one section per operator with its flags and examples. */
export function pluginReference(slice: PluginSlice): string {
  const services = slice.services.map(({ token, key }) => `\`${token}${key === undefined ? '' : `/${key}`}\``)
  return [
    ...(services.length > 0 ? [`Provides ${services.join(', ')}.`] : []),
    ...slice.hooks.map(({ name, summary }) => `Hook \`${name}\`: ${summary}.`),
    ...slice.operators.map(operatorSection),
  ].join('\n\n')
}

function operatorSection(entry: OperatorEntry): string {
  const flags = Object.entries(entry.flags)
  return [
    `### ${entry.name}`,
    `${entry.summary}.${entry.role === 'source' ? ' Makes tasks: stands first in a chain.' : ''}${entry.aliases.length > 0 ? ` Also \`${entry.aliases.join('`, `')}\`.` : ''}`,
    ...(entry.description === undefined ? [] : [entry.description]),
    ...(flags.length > 0
      ? [
          [
            '| flag | value | default | meaning |',
            '| --- | --- | --- | --- |',
            ...flags.map(([key, definition]) => flagRow(key, definition)),
          ].join('\n'),
        ]
      : []),
    ...(entry.examples.length > 0
      ? [['```', ...entry.examples.map((example) => `chunkflow ${example}`), '```'].join('\n')]
      : []),
  ].join('\n\n')
}

function flagRow(key: string, definition: FlagDefinition): string {
  const names = [
    `--${kebabCase(key)}`,
    ...[definition.char, ...(definition.charAliases ?? [])]
      .filter((char) => char !== undefined)
      .map((char) => `-${char}`),
    ...(definition.aliases ?? []).map((alias) => `--${alias}`),
  ]
  const negatives = negativeNames(key, definition).map((name) => `--${name}`)
  const shorthands = Object.entries(definition.shorthands ?? {}).map(
    ([name, value]) => `\`--${name}\` for \`${value}\``,
  )
  const meaning = [
    definition.summary,
    ...(negatives.length > 0 ? [`off with \`${negatives.join('`, `')}\``] : []),
    ...shorthands,
    ...(definition.positional ? ['the name of the flag may be left out'] : []),
  ].join('; ')
  return `| ${names.map((name) => `\`${name}\``).join(' ')} | ${escapePipes(valueText(definition))} | ${escapePipes(defaultText(definition))} | ${escapePipes(meaning)} |`
}

const escapePipes = (text: string): string => text.replaceAll('|', '\\|')

function valueText({ arity, type, choices, list, port }: FlagDefinition): string {
  if (arity === 0) return ''
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(' ')
  if (arity === 3) return type === 'integer' ? 'z y x' : 'z y x, numbers'
  if (arity === 6) return 'z y x z y x'
  if (Array.isArray(arity)) return 'z y x, or low and high z y x'
  if (port !== undefined) return list ? 'variables' : 'variable'
  return list ? 'list' : type
}

function defaultText({ default: value, defaultText: text, required, type }: FlagDefinition): string {
  if (required) return 'required'
  if (value === undefined) return text ?? ''
  if (type === 'boolean') return value === true ? 'on' : 'off'
  return `\`${Array.isArray(value) ? value.join(type === 'text' ? ',' : ' ') : String(value)}\``
}
