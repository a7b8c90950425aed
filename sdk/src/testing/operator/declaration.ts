import {
  type AnyOperator,
  type FlagDefinition,
  findFlag,
  isChunkflowError,
  kebabCase,
  type ParseTarget,
  parseOptions,
  type RawOptions,
  type RawValue,
} from '@chunkflow/kernel/authoring'
import { broken } from '../conformance-check.js'
import type { ConformanceSettings } from './sample.js'

type Flags = Readonly<Record<string, FlagDefinition>>

/** Names, summary, examples and flags are as the house asks. */
export function checkDeclaration(definition: AnyOperator): void {
  const { name, summary, examples } = definition
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) throw broken(`"${name}" is not a kebab-case name`)
  if (!/^[A-Z0-9].*[^.\s]$/.test(summary) || summary.includes('\n'))
    throw broken('the summary is one line, with a capital and without a full stop')
  if (examples.some((example) => example.startsWith('chunkflow')))
    throw broken('examples leave out the leading chunkflow')
  const flags = definition.flags as Flags
  if (JSON.stringify(JSON.parse(JSON.stringify(flags))) !== JSON.stringify(flags))
    throw broken('flags are plain data')
  const names = Object.entries(flags).flatMap(([key, flag]) => [
    kebabCase(key),
    ...(flag.aliases ?? []),
    ...(flag.no ?? []),
    ...Object.keys(flag.shorthands ?? {}),
  ])
  const chars = Object.values(flags)
    .flatMap((flag) => [flag.char, ...(flag.charAliases ?? [])])
    .filter((char) => char !== undefined)
  for (const list of [names, chars]) {
    const twice = list.find((entry, index) => list.indexOf(entry) !== index)
    if (twice !== undefined) throw broken(`the flag "${twice}" is declared twice`)
  }
  for (const [key, flag] of Object.entries(flags)) checkFlag(key, flag)
  for (const key of (definition.role === 'operator' && definition.deletes) || [])
    if (flags[key]?.port === undefined) throw broken(`deletes names "${key}", which is no port`)
}

/** Defaults, shorthands and older spellings are values that the flag itself takes. */
function checkFlag(key: string, flag: FlagDefinition): void {
  const target = { name: 'flag', flags: { [key]: { ...flag, required: false } } }
  const takes = (value: RawValue, what: string): void => {
    try {
      parseOptions(target, { [key]: value })
    } catch (error) {
      throw broken(`${what} of --${kebabCase(key)} is not a value it takes: ${(error as Error).message}`)
    }
  }
  if (flag.default !== undefined) takes(flag.default, 'the default')
  for (const [name, value] of Object.entries(flag.shorthands ?? {})) takes(value, `the shorthand --${name}`)
  for (const value of Object.values(flag.choiceAliases ?? {})) takes(value, `the choice ${value}`)
  if (flag.required && flag.default !== undefined)
    throw broken(`--${kebabCase(key)} is required and has a default`)
}

/** Options that do not exist, are missing or make no sense are refused by name, before anything runs. */
export function checkOptions(definition: AnyOperator, { options = {} }: ConformanceSettings): void {
  const refused = (raw: RawOptions, code: string, what: string, target: ParseTarget = definition): void => {
    try {
      parseOptions(target, raw)
    } catch (error) {
      if (isChunkflowError(error) && error.code === code) return
    }
    throw broken(`${what} is accepted`)
  }
  const flags = definition.flags as Flags
  if (!(definition.role === 'operator' && definition.unknownFlags === 'collect'))
    refused({ ...options, noSuchOption: 1 }, 'flag-unknown', 'an unknown option')
  for (const [key, flag] of Object.entries(flags)) {
    const name = `--${kebabCase(key)}`
    if (findFlag(flags, kebabCase(key))?.key !== key) throw broken(`${name} is hidden by another flag`)
    const { [key]: _, ...others } = options
    if (flag.required) refused(others, 'flag-missing', `leaving out ${name}`)
    const alone = { name: definition.name, flags: { [key]: flag } }
    for (const [value, what] of senselessValues(flag))
      refused({ [key]: value }, 'flag-invalid', `${name} ${what}`, alone)
  }
}

function senselessValues({
  type,
  arity,
  choices,
  minimum,
  exclusiveMinimum,
  maximum,
  list,
}: FlagDefinition): [RawValue, string][] {
  if (type === 'boolean') return [['perhaps', 'that is neither true nor false']]
  if (choices !== undefined) return [['no such choice', 'that is none of its choices']]
  if (type === 'text' || list) return []
  const count = typeof arity === 'number' ? arity : Array.isArray(arity) ? (arity[0] as number) : 1
  const repeat = (value: number | string): RawValue =>
    count === 1 ? value : (Array.from({ length: count }, () => value) as RawValue)
  return [
    [repeat('text'), 'that is no number'],
    ...(type === 'integer' ? ([[repeat(1.5), 'that is no whole number']] as [RawValue, string][]) : []),
    ...(minimum === undefined ? [] : ([[repeat(minimum - 1), `below ${minimum}`]] as [RawValue, string][])),
    ...(exclusiveMinimum === undefined
      ? []
      : ([[repeat(exclusiveMinimum), `of ${exclusiveMinimum}`]] as [RawValue, string][])),
    ...(maximum === undefined ? [] : ([[repeat(maximum + 1), `above ${maximum}`]] as [RawValue, string][])),
    ...(count === 1 ? [] : ([[[1, 2], 'of two values']] as [RawValue, string][])),
  ]
}
