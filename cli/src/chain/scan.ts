import type { OperatorEntry } from '@chunkflow/kernel/authoring'
import {
  chunkflowError,
  type FlagDefinition,
  findFlag,
  findShortFlag,
  kebabCase,
  NAME_FLAG,
  negativeNames,
  type RawValue,
  suggest,
} from '@chunkflow/kernel/authoring'
import type { Registry } from '@chunkflow/kernel/host'
import { GLOBAL_FLAGS } from './globals.js'

type Raw = Record<string, RawValue>

export interface ScannedStep {
  readonly entry: OperatorEntry
  readonly options: Raw
}

/** A command line split into steps; values are still words. */
export interface ScannedChain {
  readonly globals: Raw
  readonly steps: readonly ScannedStep[]
  /** `--help` was given: before any operator (null), or for this one. */
  readonly help?: OperatorEntry | null
}

interface FlagTarget {
  readonly name: string
  readonly flags: Readonly<Record<string, FlagDefinition>>
  readonly collect: boolean
}

/**
 * Splits words by the arity of each flag, never at operator names: `load-h5 -f threshold threshold` is one loader and
 * one threshold (specification 1.1). The last of repeated options wins.
 * @throws operator-unknown, flag-unknown, flag-invalid
 */
export function scanChain(argv: readonly string[], registry: Pick<Registry, 'find'>): ScannedChain {
  const words = new Words(argv)
  refuseTypography(argv)
  const globals: Raw = {}
  if (scanFlags(words, { name: 'chunkflow', flags: GLOBAL_FLAGS, collect: false }, globals) === 'help')
    return { globals, steps: [], help: null }
  const steps: ScannedStep[] = []
  while (!words.done) {
    const { entry } = registry.find(words.next())
    const options: Raw = {}
    const flags = Object.hasOwn(entry.flags, 'name')
      ? entry.flags
      : {
          ...entry.flags,
          name: { ...NAME_FLAG, ...(entry.nameChar === undefined ? {} : { char: entry.nameChar }) },
        }
    if (
      scanFlags(words, { name: entry.name, flags, collect: entry.unknownFlags === 'collect' }, options) ===
      'help'
    )
      return { globals, steps, help: entry }
    steps.push({ entry, options })
  }
  return { globals, steps }
}

/**
 * Splits the words of a host command: options by the arity of their flags, wherever they stand, and the rest.
 * @throws flag-unknown, flag-invalid
 */
export function scanCommand(
  argv: readonly string[],
  target: { readonly name: string; readonly flags: Readonly<Record<string, FlagDefinition>> },
): { readonly options: Raw; readonly rest: readonly string[]; readonly help: boolean } {
  refuseTypography(argv)
  const words = new Words(argv)
  const options: Raw = {}
  const rest: string[] = []
  while (!words.done) {
    if (scanFlags(words, { ...target, collect: false }, options) === 'help')
      return { options, rest, help: true }
    if (!words.done) rest.push(words.next())
  }
  return { options, rest, help: false }
}

class Words {
  #position = 0
  constructor(readonly list: readonly string[]) {}
  get done(): boolean {
    return this.#position >= this.list.length
  }
  peek(): string | undefined {
    return this.list[this.#position]
  }
  next(): string {
    return this.list[this.#position++]!
  }
  take(count: number): string[] {
    const taken = this.list.slice(this.#position, this.#position + count)
    this.#position += taken.length
    return taken
  }
}

/** Consumes options until a word that is none. */
function scanFlags(words: Words, target: FlagTarget, into: Raw): 'help' | undefined {
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    if (word === '--') {
      words.next()
      return undefined
    }
    if (!word.startsWith('-') || word === '-') {
      const [key] = Object.entries(target.flags).find(([, { positional }]) => positional) ?? []
      if (key === undefined || Object.hasOwn(into, key)) return undefined
      into[key] = { tokens: [words.next()] }
      continue
    }
    words.next()
    if (word === '--help' || (word === '-h' && findShortFlag(target.flags, 'h') === undefined)) return 'help'
    if (word.startsWith('--')) scanLong(words, word, target, into)
    else scanShort(words, word, target, into)
  }
  return undefined
}

function scanLong(words: Words, word: string, target: FlagTarget, into: Raw): void {
  const equals = word.indexOf('=')
  const name = word.slice(2, equals < 0 ? undefined : equals)
  const inline = equals < 0 ? undefined : word.slice(equals + 1)
  const found = findFlag(target.flags, name)
  if (found === undefined) {
    if (!target.collect) throw unknownFlag(`--${name}`, name, target)
    const next = words.peek()
    const value = inline ?? (next === undefined || /^-{1,2}[a-zA-Z]/.test(next) ? 'true' : words.next())
    into.extra = { ...(into.extra as object | undefined), [name]: value } as never
    return
  }
  if (found.value !== undefined) {
    if (inline !== undefined)
      throw chunkflowError('flag-invalid', `--${name} takes no value`, { where: target.name })
    into[found.key] = { tokens: [found.value] }
    return
  }
  into[found.key] = { tokens: takeValues(words, found.definition, inline, `--${name}`, target) }
}

function scanShort(words: Words, word: string, target: FlagTarget, into: Raw): void {
  const found = findShortFlag(target.flags, word[1]!)
  if (found === undefined) throw unknownFlag(word.slice(0, 2), word.slice(1), target)
  const rest = word.slice(2)
  const inline = rest === '' ? undefined : rest.startsWith('=') ? rest.slice(1) : rest
  into[found.key] = { tokens: takeValues(words, found.definition, inline, word.slice(0, 2), target) }
}

function takeValues(
  words: Words,
  definition: FlagDefinition,
  inline: string | undefined,
  shown: string,
  target: FlagTarget,
): string[] {
  const { arity } = definition
  if (arity === 0) {
    if (inline !== undefined)
      throw chunkflowError('flag-invalid', `${shown} takes no value`, {
        where: target.name,
        fix: `write ${shown} alone`,
      })
    return ['true']
  }
  if (arity === 'optional-integer')
    return inline !== undefined ? [inline] : /^\d+$/.test(words.peek() ?? '') ? [words.next()] : ['1']
  if (arity === 'optional-boolean')
    return inline !== undefined
      ? [inline]
      : /^(true|false)$/i.test(words.peek() ?? '')
        ? [words.next()]
        : ['true']
  const count = typeof arity === 'number' ? arity : arity[0]
  const given = inline === undefined ? [] : [inline]
  // an empty inline value stands for the whole option: an unset shell variable expands to it
  if (inline === '' && count > 1) return ['']
  const values = [...given, ...words.take(count - given.length)]
  if (values.length < count)
    throw chunkflowError(
      'flag-invalid',
      `${shown} needs ${count} value${count === 1 ? '' : 's'}, but the command line ends after ${values.length}`,
      {
        where: target.name,
        fix: `see chunkflow ${target.name === 'chunkflow' ? '' : `${target.name} `}--help`,
      },
    )
  if (typeof arity !== 'number' && /^[+-]?\d+$/.test(words.peek() ?? ''))
    values.push(...words.take(arity[1] - count))
  return values
}

function unknownFlag(shown: string, name: string, target: FlagTarget): Error {
  const known = Object.entries(target.flags).flatMap(([key, definition]) => [
    kebabCase(key),
    ...(definition.aliases ?? []),
    ...negativeNames(key, definition),
  ])
  const near = suggest(name, known)
  return chunkflowError('flag-unknown', `No such option: ${shown}`, {
    where: target.name,
    fix:
      near.length > 0
        ? `did you mean ${near.map((candidate) => `--${candidate}`).join(' or ')}?`
        : `see chunkflow ${target.name === 'chunkflow' ? '' : `${target.name} `}--help`,
  })
}

/** Dashes and quotes that word processors put into copied commands. */
function refuseTypography(argv: readonly string[]): void {
  for (const word of argv) {
    if (/^[\u2010-\u2015\u2212]/.test(word))
      throw chunkflowError('flag-unknown', `"${word}" begins with a typographic dash`, {
        fix: `type it with plain hyphens: ${word.replace(/^[\u2010-\u2015\u2212]+/, word.length > 2 ? '--' : '-')}`,
      })
    if (/^[\u2018-\u201f]|[\u2018-\u201f]$/.test(word))
      throw chunkflowError('flag-invalid', `"${word}" contains typographic quotes`, {
        fix: `type them as plain quotes: "${word.replace(/[\u2018-\u201f]/g, '')}"`,
      })
  }
}
