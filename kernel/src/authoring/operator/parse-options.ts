import { chunkflowError } from '../errors/chunkflow-error.js'
import { type FlagDefinition, type FlagValue, kebabCase, negativeNames } from './flag.js'
import { suggest } from './suggest.js'

/** What the options of an operator may be given as: tokens from a command line or typed values from a file or the API. */
export type RawOptions = Readonly<Record<string, RawValue>>
export type RawValue =
  | readonly string[]
  | FlagValue
  | null
  | undefined
  | { readonly tokens: readonly string[] }

export interface ParseTarget {
  readonly name: string
  readonly flags: Readonly<Record<string, FlagDefinition>>
  readonly unknownFlags?: 'collect'
}

/** Every operator has it, the kernel reads it. */
export const NAME_FLAG: FlagDefinition = Object.freeze({
  type: 'text',
  arity: 1,
  summary: 'instance name, used for timers and as a target of skips',
})

/**
 * The only validator of options, for command line, pipeline file and API.
 * @param raw by camelCase key; `{ tokens }` are unparsed words of a command line, other values are typed
 * @returns frozen options: every flag with a value or default; `undefined` where neither; `name`, `extra`
 * @throws flag-unknown, flag-missing, flag-invalid
 */
export function parseOptions(target: ParseTarget, raw: RawOptions): Readonly<Record<string, unknown>> {
  const flags: Readonly<Record<string, FlagDefinition>> = Object.hasOwn(target.flags, 'name')
    ? target.flags
    : { ...target.flags, name: NAME_FLAG }
  const options: Record<string, unknown> = {}
  for (const key of Object.keys(raw)) {
    if (Object.hasOwn(flags, key) || (key === 'extra' && target.unknownFlags === 'collect')) continue
    const near = suggest(key, Object.keys(flags)).map((name) => `--${kebabCase(name)}`)
    throw chunkflowError('flag-unknown', `No such option: --${kebabCase(key)}`, {
      where: target.name,
      fix: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `see chunkflow ${target.name} --help`,
    })
  }
  for (const [key, definition] of Object.entries(flags)) {
    const value = parseValue(target, key, definition, raw[key])
    if (value === undefined && definition.required)
      throw chunkflowError('flag-missing', `Missing option --${kebabCase(key)}: ${definition.summary}`, {
        where: target.name,
        fix: `see chunkflow ${target.name} --help`,
      })
    options[key] = value ?? freeze(definition.default)
  }
  if (target.unknownFlags === 'collect') options.extra = Object.freeze(raw.extra ?? {})
  return Object.freeze(options)
}

const freeze = (value: FlagValue | undefined): FlagValue | undefined =>
  Array.isArray(value) ? Object.freeze([...value]) : value

function parseValue(
  target: ParseTarget,
  key: string,
  definition: FlagDefinition,
  raw: RawValue,
): FlagValue | undefined {
  if (raw === undefined || raw === null) return undefined
  const values = toTokens(raw, definition)
  // an empty word for anything but text means "not given": an unset shell variable expands to it
  if (values.length === 1 && values[0] === '' && (definition.type !== 'text' || definition.list))
    return undefined
  const refuse = (expected: string): never => {
    const given = values.map((value) => JSON.stringify(String(value))).join(' ')
    throw chunkflowError(
      'flag-invalid',
      `--${kebabCase(key)} needs ${expected}, not ${given === '' ? 'nothing' : given}`,
      {
        where: target.name,
        fix: `see chunkflow ${target.name} --help`,
      },
    )
  }
  if (definition.type === 'boolean') return parseBoolean(values, refuse)
  const count = expectedCounts(definition)
  if (definition.list) return Object.freeze(splitList(values))
  if (!count.includes(values.length)) refuse(`${count.join(' or ')} value${count.at(-1) === 1 ? '' : 's'}`)
  const parsed = values.map((value) => parseScalar(value, definition, refuse))
  return definition.arity === 1 || definition.arity === 'optional-integer'
    ? parsed[0]
    : (Object.freeze(parsed) as readonly number[])
}

function toTokens(
  raw: NonNullable<RawValue>,
  definition: FlagDefinition,
): readonly (string | number | boolean)[] {
  if (typeof raw === 'object' && 'tokens' in raw) return raw.tokens
  if (Array.isArray(raw)) {
    if (definition.list) return raw.length === 0 ? [''] : raw
    return raw
  }
  return [raw as string | number | boolean]
}

/** At commas; those inside brackets belong to an entry: `points[color=red,size=5]`. */
const splitList = (values: readonly (string | number | boolean)[]): readonly string[] =>
  values
    .flatMap((value) => String(value).split(/,(?![^[\]]*\])/))
    .map((part) => part.trim())
    .filter((part) => part !== '')

function expectedCounts({ arity }: FlagDefinition): readonly number[] {
  if (typeof arity === 'number') return [arity]
  return arity === 'optional-integer' || arity === 'optional-boolean' ? [1] : (arity as readonly number[])
}

function parseBoolean(
  values: readonly (string | number | boolean)[],
  refuse: (expected: string) => never,
): boolean {
  const word = values.length === 0 ? 'true' : String(values[0]).toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(word)) return true
  if (['false', '0', 'no', 'off'].includes(word)) return false
  return refuse('true or false')
}

function parseScalar(
  value: string | number | boolean,
  definition: FlagDefinition,
  refuse: (expected: string) => never,
): string | number {
  if (definition.type === 'text') {
    const text = definition.choiceAliases?.[String(value)] ?? String(value)
    if (definition.choices !== undefined && !definition.choices.includes(text))
      refuse(`one of ${definition.choices.join(', ')}`)
    return text
  }
  const text = String(value).trim()
  const whole = definition.type === 'integer'
  const pattern = whole ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
  const parsed = Number(text)
  if (!pattern.test(text) || !Number.isFinite(parsed) || (whole && !Number.isSafeInteger(parsed)))
    return refuse(whole ? 'a whole number' : 'a number')
  const { minimum, exclusiveMinimum, maximum } = definition
  const number = whole ? 'a whole number' : 'a number'
  if (minimum !== undefined && parsed < minimum) return refuse(`${number} of at least ${minimum}`)
  if (exclusiveMinimum !== undefined && parsed <= exclusiveMinimum)
    return refuse(`${number} above ${exclusiveMinimum}`)
  if (maximum !== undefined && parsed > maximum) return refuse(`${number} of at most ${maximum}`)
  return parsed
}

/** Which flag a long or short name means, and the value a negative name or shorthand stands for. */
export function findFlag(
  flags: Readonly<Record<string, FlagDefinition>>,
  name: string,
): { readonly key: string; readonly definition: FlagDefinition; readonly value?: string } | undefined {
  for (const [key, definition] of Object.entries(flags)) {
    if (kebabCase(key) === name || definition.aliases?.includes(name)) return { key, definition }
    if (negativeNames(key, definition).includes(name)) return { key, definition, value: 'false' }
    const shorthand = definition.shorthands?.[name]
    if (shorthand !== undefined) return { key, definition, value: shorthand }
  }
  return undefined
}

/** The flag with a one-letter name. */
export function findShortFlag(
  flags: Readonly<Record<string, FlagDefinition>>,
  char: string,
): { readonly key: string; readonly definition: FlagDefinition } | undefined {
  for (const [key, definition] of Object.entries(flags))
    if (definition.char === char || definition.charAliases?.includes(char)) return { key, definition }
  return undefined
}
