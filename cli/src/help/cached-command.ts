import type { Command } from '@oclif/core'

/** The plain form of a command class that oclif's help formats. */
export async function toCached(command: Command.Class): Promise<Command.Loadable> {
  const flags = Object.fromEntries(
    Object.entries(command.flags ?? {}).map(([name, flag]) => [
      name,
      { ...flag, name, type: flag.type, helpValue: (flag as { helpValue?: string }).helpValue },
    ]),
  )
  return {
    id: command.id,
    summary: command.summary,
    description: command.description,
    aliases: [...(command.aliases ?? [])],
    examples: command.examples,
    args: {},
    flags,
    hidden: false,
    strict: true,
    hiddenAliases: [],
    load: async () => command,
  } as unknown as Command.Loadable
}
