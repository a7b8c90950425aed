import { chunkflowError, suggest } from '@chunkflow/kernel/authoring'
import { openRegistry } from '../discovery/registry.js'
import { HOST_COMMAND_USAGE, printUsage } from './usage.js'

type HostCommand = (argv: readonly string[]) => Promise<number>

const COMMANDS: Readonly<Record<string, () => Promise<HostCommand>>> = Object.freeze({
  doctor: () => import('./doctor.js').then(({ doctor }) => doctor),
  open: () => import('./open.js').then(({ open }) => open),
  operators: () => import('./operators.js').then(({ operators }) => operators),
  plan: () => import('./plan.js').then(({ plan }) => plan),
  plugins: () => import('./plugins.js').then(({ plugins }) => plugins),
  queue: () => import('./queue.js').then(({ queue }) => queue),
  registry: () => import('./registry.js').then(({ registry }) => registry),
  run: () => import('./run.js').then(({ run }) => run),
  types: () => import('./types.js').then(({ types }) => types),
  worker: () => import('./worker.js').then(({ worker }) => worker),
  version: () => import('./version.js').then(({ version }) => version),
  '--version': () => import('./version.js').then(({ version }) => version),
  help: async () => help,
})

export const isHostCommand = (word: string): boolean => Object.hasOwn(COMMANDS, word)

export async function runHostCommand(name: string, argv: readonly string[]): Promise<number> {
  if (Object.hasOwn(HOST_COMMAND_USAGE, name) && argv.some((word) => word === '--help' || word === '-h'))
    return printUsage(name)
  const command = await COMMANDS[name]!()
  return command(argv)
}

/** `chunkflow help [operator]`. */
async function help(argv: readonly string[]): Promise<number> {
  const { printHelp } = await import('../help/help.js')
  const registry = await openRegistry()
  return printHelp(registry, argv[0] === undefined ? undefined : registry.find(argv[0]).entry)
}

/** Splits the words of a host command into flags without values and the rest. @throws flag-unknown */
export function readSwitches(
  command: string,
  argv: readonly string[],
  known: readonly string[],
): { readonly switches: ReadonlySet<string>; readonly rest: readonly string[] } {
  const switches = new Set<string>()
  let position = 0
  for (; position < argv.length && argv[position]!.startsWith('-'); position++) {
    const word = argv[position]!
    if (!known.includes(word)) {
      const near = suggest(word, known)
      throw chunkflowError('flag-unknown', `No such option: ${word}`, {
        where: command,
        fix: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `options: ${known.join(', ')}`,
      })
    }
    switches.add(word)
  }
  return { switches, rest: argv.slice(position) }
}
