import { chunkflowError } from '../errors/chunkflow-error.js'
import type { AnyOperator } from '../operator/define-operator.js'
import type { PluginDefinition } from './define-plugin.js'
import type { OperatorEntry, PluginSlice } from './slice.js'

/** Loads every operator of a plugin and lists what it offers. Checks that files are named as operators are typed. */
export async function describePlugin(
  plugin: PluginDefinition,
  manifest: { readonly name: string; readonly version: string; readonly description: string },
): Promise<PluginSlice> {
  const operators: OperatorEntry[] = []
  for (const [name, load] of Object.entries(plugin.operators)) {
    const { default: definition } = await load()
    if (definition.name !== name)
      throw chunkflowError('plugin-invalid', `Operator "${definition.name}" is listed as "${name}"`, {
        where: manifest.name,
      })
    operators.push(describeOperator(definition))
  }
  return {
    package: manifest.name,
    version: manifest.version,
    apiVersion: plugin.apiVersion,
    description: manifest.description,
    operators: operators.sort((left, right) => (left.name < right.name ? -1 : 1)),
    services: plugin.provides
      .map(({ token, key }) => ({
        token: token.id,
        version: token.version,
        ...(key === undefined ? {} : { key }),
      }))
      .sort((left, right) => (`${left.token}/${left.key}` < `${right.token}/${right.key}` ? -1 : 1)),
    hooks: plugin.hooks.map(({ name, summary, critical }) => ({
      name,
      summary,
      ...(critical ? { critical } : {}),
    })),
    permissions: [...plugin.permissions].sort(),
  }
}

function describeOperator(definition: AnyOperator): OperatorEntry {
  const optional = <K extends string>(key: K, value: unknown) => (value === undefined ? {} : { [key]: value })
  return {
    name: definition.name,
    aliases: definition.aliases ?? [],
    role: definition.role,
    effects: definition.effects,
    summary: definition.summary,
    ...optional('description', definition.description),
    examples: definition.examples,
    flags: definition.flags,
    ...optional('sets', definition.sets),
    ...optional('nameChar', definition.nameChar),
    ...optional('unknownFlags', definition.role === 'operator' ? definition.unknownFlags : undefined),
  }
}
