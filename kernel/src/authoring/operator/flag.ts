import type { PortKind } from './port.js'

export type FlagType = 'text' | 'integer' | 'number' | 'boolean'

/** How many tokens a flag takes: a count, a choice of two counts, or a value only if the next token looks like one. */
export type Arity = number | readonly [number, number] | 'optional-integer' | 'optional-boolean'

/** What a flag that names a variable reads or writes. */
export interface Port {
  readonly direction: 'input' | 'output'
  readonly kind: PortKind | readonly PortKind[]
  /** The variable may be absent; the operator copes. */
  readonly optional?: boolean
  /** The variable named by the default may be absent; one that is named must be there. */
  readonly optionalDefault?: boolean
  /** The variable may be null (a loader found nothing); otherwise the kernel skips the operator and nulls its outputs. */
  readonly nullable?: boolean
  /** The value found in the variable is changed in place. */
  readonly mutates?: boolean
  /** `layers`: names may carry options in brackets, `prob[color=red]`. `none`: the literal None passes null. */
  readonly syntax?: 'layers' | 'none'
}

/** A flag as plain data: what help, the scanner, the registry and {@link parseOptions} need. */
export interface FlagDefinition {
  readonly type: FlagType
  readonly arity: Arity
  readonly summary: string
  readonly char?: string
  /** Further one-letter names, kept from older releases. */
  readonly charAliases?: readonly string[]
  /** Further long names, without dashes. */
  readonly aliases?: readonly string[]
  /** Long names that mean `false`, without dashes; the first one is shown. Booleans only. */
  readonly no?: readonly string[]
  /** Long names that stand for a value, such as `all-zero` for `--pattern zero`. */
  readonly shorthands?: Readonly<Record<string, string>>
  readonly default?: FlagValue
  /** Shown instead of the default when the operator works it out. */
  readonly defaultText?: string
  readonly required?: boolean
  readonly choices?: readonly string[]
  /** Older spellings of choices. */
  readonly choiceAliases?: Readonly<Record<string, string>>
  readonly minimum?: number
  /** A value must be above it: 0 for sizes of voxels. */
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  /** The text is a comma-separated list. */
  readonly list?: boolean
  /** On the command line the value may also stand alone, without the flag's name, anywhere among the step's flags. */
  readonly positional?: boolean
  readonly port?: Port
  /** Accepted and ignored: kept so that old command lines run. */
  readonly ignored?: boolean
}

export type FlagValue = string | number | boolean | readonly string[] | readonly number[]

/** A definition with the type of its parsed value. */
export interface Flag<T> extends FlagDefinition {
  /** Never set: carries the type. */
  readonly valueType?: T
}

export type FlagOptions<F> =
  F extends Record<string, Flag<unknown>>
    ? { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never }
    : never

interface Common<T> {
  summary: string
  char?: string
  charAliases?: readonly string[]
  aliases?: readonly string[]
  default?: T
  defaultText?: string
  required?: boolean
  ignored?: boolean
}
interface NumberSettings {
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
}
interface TextSettings {
  choices?: readonly string[]
  choiceAliases?: Readonly<Record<string, string>>
  positional?: boolean
  shorthands?: Readonly<Record<string, string>>
}
interface PortSettings {
  kind: PortKind | readonly PortKind[]
  optional?: boolean
  optionalDefault?: boolean
  nullable?: boolean
  mutates?: boolean
  syntax?: 'layers' | 'none'
}

/** `T` when the flag always has a value, else `T | undefined`. */
type Present<S, T> = S extends { default: unknown } | { required: true } ? T : T | undefined
type Triple = readonly [number, number, number]

const make = <T>(definition: FlagDefinition): Flag<T> => Object.freeze(definition)

function text<const S extends Common<string> & TextSettings>(
  settings: S,
): Flag<Present<S, S extends { choices: readonly (infer C)[] } ? C : string>> {
  return make({ type: 'text', arity: 1, ...settings })
}
function integer<const S extends Common<number> & NumberSettings>(settings: S): Flag<Present<S, number>> {
  return make({ type: 'integer', arity: 1, ...settings })
}
function number<const S extends Common<number> & NumberSettings>(settings: S): Flag<Present<S, number>> {
  return make({ type: 'number', arity: 1, ...settings })
}
/** `--x / --no-x`; `no` replaces the negative name, `false` leaves it out. Absent means the default, or false. */
function boolean(settings: Common<boolean> & { no?: string | readonly string[] }): Flag<boolean> {
  const no =
    settings.no === undefined ? undefined : typeof settings.no === 'string' ? [settings.no] : settings.no
  return make({
    type: 'boolean',
    arity: 0,
    ...settings,
    default: settings.default ?? false,
    ...(no ? { no } : { no: [] }),
  } as FlagDefinition)
}
/** A boolean that may also be written with a value: `--clipvalues true`. */
function optionalBoolean(settings: Common<boolean>): Flag<boolean> {
  return make({ type: 'boolean', arity: 'optional-boolean', ...settings, default: settings.default ?? false })
}
/** A flag that may stand alone or take an integer. Alone it is 1. */
function optionalInteger(settings: Common<number>): Flag<number | undefined> {
  return make({ type: 'integer', arity: 'optional-integer', ...settings })
}
/** Three integers, z y x. */
function integers3<const S extends Common<Triple> & NumberSettings>(settings: S): Flag<Present<S, Triple>> {
  return make({ type: 'integer', arity: 3, ...settings })
}
/** Three or six integers, low z y x and high z y x. */
function integers3or6<const S extends Common<readonly number[]> & NumberSettings>(
  settings: S,
): Flag<Present<S, readonly number[]>> {
  return make({ type: 'integer', arity: [3, 6], ...settings })
}
function integers6<const S extends Common<readonly number[]>>(
  settings: S,
): Flag<Present<S, readonly number[]>> {
  return make({ type: 'integer', arity: 6, ...settings })
}
/** Three numbers, z y x. */
function numbers3<const S extends Common<Triple> & NumberSettings>(settings: S): Flag<Present<S, Triple>> {
  return make({ type: 'number', arity: 3, ...settings })
}
/** A comma-separated list of texts. */
function list<const S extends Common<readonly string[]>>(settings: S): Flag<Present<S, readonly string[]>> {
  return make({ type: 'text', arity: 1, list: true, ...settings })
}

/** The name of a variable the operator reads; `chunk` unless given. */
function input<const S extends Partial<Common<string>> & PortSettings>(
  settings: S,
): Flag<S extends { optional: true } ? string | undefined : string> {
  return variable('input', settings, 'variable to read') as Flag<
    S extends { optional: true } ? string | undefined : string
  >
}
/** The name of a variable the operator writes; `chunk` unless given. */
function output<const S extends Partial<Common<string>> & PortSettings>(
  settings: S,
): Flag<S extends { optional: true } ? string | undefined : string> {
  return variable('output', settings, 'variable to write') as Flag<
    S extends { optional: true } ? string | undefined : string
  >
}
/** Names of variables the operator reads, comma-separated. */
function inputs(settings: Partial<Common<readonly string[]>> & PortSettings): Flag<readonly string[]> {
  return variable('input', settings, 'variables to read', true) as Flag<readonly string[]>
}
/** Names of variables the operator writes, comma-separated. Undefined when not given and without default. */
function outputs(
  settings: Partial<Common<readonly string[]>> & PortSettings,
): Flag<readonly string[] | undefined> {
  return variable('output', settings, 'variables to write', true) as Flag<readonly string[] | undefined>
}

function variable(
  direction: Port['direction'],
  settings: Partial<Common<FlagValue>> & PortSettings,
  summary: string,
  isList = false,
): Flag<unknown> {
  const { kind, optional, optionalDefault, nullable, mutates, syntax, ...rest } = settings
  const port: Port = {
    direction,
    kind,
    ...(optional === undefined ? {} : { optional }),
    ...(optionalDefault === undefined ? {} : { optionalDefault }),
    ...(nullable === undefined ? {} : { nullable }),
    ...(mutates === undefined ? {} : { mutates }),
    ...(syntax === undefined ? {} : { syntax }),
  }
  const fallback =
    optional || rest.required || rest.default !== undefined || (isList && direction === 'output')
      ? {}
      : { default: isList ? ['chunk'] : 'chunk' }
  return make({
    type: 'text',
    arity: 1,
    ...(isList ? { list: true } : {}),
    summary,
    ...fallback,
    ...rest,
    port,
  } as FlagDefinition)
}

/** Builders of flag definitions. */
export const flag = Object.freeze({
  boolean,
  input,
  inputs,
  integer,
  integers3,
  integers3or6,
  integers6,
  list,
  number,
  numbers3,
  optionalBoolean,
  optionalInteger,
  output,
  outputs,
  text,
})

/** `outputChunkName` → `output-chunk-name`. */
export const kebabCase = (key: string): string =>
  key.replace(/[A-Z0-9]+(?=[A-Z][a-z])|[A-Z]/g, (letters) => `-${letters.toLowerCase()}`)

/**
 * What a port is called where it holds a value instead of a variable's name: `inputChunkName` → `input`. A port whose short
 * name another flag has keeps its key.
 */
export function valueName(key: string, flags: Readonly<Record<string, FlagDefinition>>): string {
  const short = key.replace(/(?:Chunk)?Names?$/, '')
  return short === '' || short === key || Object.hasOwn(flags, short) ? key : short
}

/** The long names that set a boolean to false; `--no-x` unless the definition says otherwise. */
export function negativeNames(key: string, definition: FlagDefinition): readonly string[] {
  if (definition.type !== 'boolean') return []
  if (definition.no !== undefined && definition.no.length > 0) return definition.no
  return [`no-${kebabCase(key)}`]
}
