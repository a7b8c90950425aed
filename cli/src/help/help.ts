import type { OperatorEntry } from '@chunkflow/kernel/authoring'
import type { FoundOperator, Registry } from '@chunkflow/kernel/host'
import { CommandHelp } from '@oclif/core'
import { HOST_COMMAND_SUMMARIES } from '../commands/summaries.js'
import { loadConfig } from '../oclif/config.js'
import { globalFlags, operatorCommand } from '../oclif/operator-command.js'
import { toCached } from './cached-command.js'

/** Prints the help of one operator, or the list of all, on stdout. */
export async function printHelp(registry: Registry, entry?: OperatorEntry): Promise<number> {
  process.stdout.write(`${entry === undefined ? await overview(registry) : await operatorHelp(entry)}\n`)
  return 0
}

async function operatorHelp(entry: OperatorEntry): Promise<string> {
  const config = await loadConfig()
  const command = operatorCommand(entry)
  const help = new CommandHelp({ ...(await toCached(command)), summary: undefined } as never, config, {
    maxWidth: width(),
  } as never)
  const title = `${entry.summary}\n\nUsage: chunkflow [OPTIONS] ${entry.name} [FLAGS] [OPERATOR [FLAGS]]...\n`
  return `${title}\n${withoutUsage(help.generate())}`
}

/** oclif's usage section knows nothing of chains. */
const withoutUsage = (text: string): string => text.replace(/^.*USAGE.*\n(?: .*\n)+\n?/m, '')

async function overview(registry: Registry): Promise<string> {
  const config = await loadConfig()
  const pseudo = await toCached({
    id: '',
    flags: globalFlags(),
    args: {},
    summary: '',
    examples: [],
    aliases: [],
  } as never)
  const options = withoutUsage(new CommandHelp(pseudo, config, { maxWidth: width() } as never).generate())
  const operators = registry.operators()
  const lines = [
    'Usage: chunkflow [OPTIONS] COMMAND1 [ARGS]... [COMMAND2 [ARGS]...]...',
    '',
    'Processes 3-D image volumes chunk by chunk: chain operators on one command line; each task passes through all of them.',
    '',
    options.trimEnd(),
    '',
    'OPERATORS (chunkflow OPERATOR --help tells more)',
    ...table(operators.map(({ entry }) => [entry.name, entry.summary])),
    '',
    'BY TOPIC',
    ...topics(operators),
    '',
    'OTHER COMMANDS',
    ...table(Object.entries(HOST_COMMAND_SUMMARIES)),
  ]
  return lines.join('\n')
}

const width = (): number => Math.max(60, Math.min(process.stdout.columns ?? 100, 140))

function table(rows: readonly (readonly [string, string])[]): string[] {
  const column = Math.max(...rows.map(([name]) => name.length)) + 2
  return rows.map(([name, summary]) => `  ${name.padEnd(column)}${summary}`)
}

/** Operators by the plugin they come from. */
function topics(operators: readonly FoundOperator[]): string[] {
  const names = new Map<string, string[]>()
  for (const { entry, source } of operators) {
    const topic = source.slice.package.replace(/^@chunkflow\/plugin-/, '')
    names.set(topic, [...(names.get(topic) ?? []), entry.name])
  }
  return [...names]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([topic, list]) => wrap(`  ${topic}: `, list))
}

function wrap(head: string, words: readonly string[]): string[] {
  const lines = [head]
  for (const word of words) {
    if (lines.at(-1)!.length + word.length + 2 > width()) lines.push('    ')
    lines[lines.length - 1] +=
      `${lines.at(-1)!.trim().endsWith(':') || lines.at(-1)!.trim() === '' ? '' : ', '}${word}`
  }
  return lines
}
