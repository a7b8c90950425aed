import {
  type FlagDefinition,
  kebabCase,
  negativeNames,
  type OperatorEntry,
} from '@chunkflow/kernel/authoring'
import { Command, Flags, type Interfaces } from '@oclif/core'
import { GLOBAL_FLAGS } from '../chain/globals.js'

/** The oclif command class of an operator, made from its registry entry; nothing of the plugin is imported. */
export function operatorCommand(entry: OperatorEntry): Command.Class {
  return class OperatorCommand extends Command {
    static override id = entry.name
    static override summary = entry.summary
    static override description = unwrapped(entry.description ?? '')
    static override aliases = [...entry.aliases]
    static override examples = entry.examples.map((example) => `<%= config.bin %> ${example}`)
    static override flags = oclifFlags({
      ...entry.flags,
      ...(Object.hasOwn(entry.flags, 'name')
        ? {}
        : {
            name: {
              type: 'text',
              arity: 1,
              summary: 'instance name, used for timers and as a target of skips',
              ...(entry.nameChar === undefined ? {} : { char: entry.nameChar }),
            },
          }),
    })
    override async run(): Promise<void> {
      const { main } = await import('../main.js')
      this.exit(await main([entry.name, ...this.argv]))
    }
  } as unknown as Command.Class
}

/** Paragraphs on one line each, for the terminal's own width; lists and indented lines stay as they are. */
const unwrapped = (text: string): string => text.replaceAll(/(?<=\S)\n(?=[^\s*-])/g, ' ')

/** The options before the first operator, for help. */
export const globalFlags = (): Interfaces.FlagInput => oclifFlags(GLOBAL_FLAGS)

function oclifFlags(definitions: Readonly<Record<string, FlagDefinition>>): Interfaces.FlagInput {
  return Object.fromEntries(
    Object.entries(definitions).map(([key, definition]) => [kebabCase(key), oclifFlag(key, definition)]),
  )
}

function oclifFlag(key: string, definition: FlagDefinition): Interfaces.Flag<unknown> {
  const aliases = [
    ...(definition.charAliases ?? []).map((char) => `-${char}`),
    ...(definition.aliases ?? []).map((name) => `--${name}`),
  ]
  const negatives = negativeNames(key, definition)
  const shown = definition.default === undefined ? definition.defaultText : formatDefault(definition)
  const notes = [
    ...(definition.type === 'boolean' && negatives.length > 0
      ? [`negated by ${negatives.map((name) => `--${name}`).join(', ')}`]
      : []),
    ...(definition.positional ? ['the name of the flag may be left out'] : []),
    ...(aliases.length > 0 ? [`also ${aliases.join(', ')}`] : []),
    ...Object.entries(definition.shorthands ?? {}).map(([name, value]) => `--${name} means ${value}`),
    ...(shown === undefined || shown === '' ? [] : [`default: ${shown}`]),
  ]
  const common = {
    summary: `${definition.summary}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`,
    ...(definition.char === undefined ? {} : { char: definition.char as 'a' }),
    required: definition.required ?? false,
    hidden: definition.ignored ?? false,
  }
  if (definition.arity === 0) return Flags.boolean(common) as Interfaces.Flag<unknown>
  return Flags.string({ ...common, helpValue: helpValue(definition) }) as Interfaces.Flag<unknown>
}

function formatDefault({ type, default: value }: FlagDefinition): string | undefined {
  if (type === 'boolean') return value === true ? 'on' : 'off'
  return Array.isArray(value) ? value.join(type === 'text' ? ',' : ' ') : String(value)
}

function helpValue({ arity, type, choices, list, port }: FlagDefinition): string {
  if (choices !== undefined) return `<${choices.join('|')}>`
  if (arity === 3) return '<z y x>'
  if (arity === 6) return '<z y x z y x>'
  if (Array.isArray(arity)) return '<z y x [z y x]>'
  if (port !== undefined) return list ? '<variable,…>' : '<variable>'
  if (list) return '<text,…>'
  return arity === 'optional-integer' || arity === 'optional-boolean' ? `[${type}]` : `<${type}>`
}
