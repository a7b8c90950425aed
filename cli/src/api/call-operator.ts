import {
  type BoundingBox,
  chunkflowError,
  cloneChunk,
  type FlagDefinition,
  isChunk,
  kebabCase,
  type OperatorEntry,
  valueName,
} from '@chunkflow/kernel/authoring'
import { openRegistry } from '../discovery/registry.js'
import { type ChainSettings, canonicalOptions, type RunOptions, runSteps } from './chain.js'

/** What is around a call: the task's box and further variables, options of the whole run, messages, cancellation. */
export interface CallSettings extends RunOptions, Pick<ChainSettings, 'mip' | 'dryRun' | 'variables'> {
  readonly bbox?: BoundingBox
}

/** A task of a source: its box, where it has one, and its other variables. */
export interface SourcedTask {
  readonly bbox?: BoundingBox
  readonly [variable: string]: unknown
}

type Values = Readonly<Record<string, unknown>>

/**
 * Runs one operator on values: input ports take them under the names of {@link valueName}, or under the option's own
 * names.
 * @returns the value of the output port; a list for a port of several; a record where there are several ports; the tasks of a
 *   source; undefined when there is nothing, or the operator skipped the task
 */
export async function callOperator(
  name: string,
  given: Values = {},
  settings: CallSettings = {},
): Promise<unknown> {
  const { entry } = (await openRegistry()).find(name)
  const { bbox, logger, signal, ...chain } = settings
  const variables: Record<string, unknown> = { ...chain.variables, ...(bbox === undefined ? {} : { bbox }) }
  const { options, results } = bind(entry, given, variables)
  const steps = [{ operator: entry.name, options }]
  const tasks: Values[] = []
  await runSteps(
    { ...chain, variables },
    steps,
    { ...(logger === undefined ? {} : { logger }), ...(signal === undefined ? {} : { signal }) },
    (task) => tasks.push(task),
  )
  if (entry.role === 'source') return tasks
  const [after = {}] = tasks
  const found = results.map(({ variables: names, list }) =>
    list ? names.map((variable) => after[variable]) : after[names[0]!],
  )
  return results.length > 1
    ? Object.fromEntries(results.map(({ name: key }, index) => [key, found[index]]))
    : found[0]
}

interface Result {
  readonly name: string
  readonly variables: readonly string[]
  readonly list: boolean
}

/** Puts values into variables and their names into options; finds out where the results will be. */
function bind(
  entry: OperatorEntry,
  given: Values,
  variables: Record<string, unknown>,
): { options: Values; results: readonly Result[] } {
  const ports = Object.entries(entry.flags).filter(([, { port }]) => port !== undefined)
  const byValueName = new Map(ports.map(([key]) => [valueName(key, entry.flags), key]))
  const options: Record<string, unknown> = canonicalOptions(
    entry,
    Object.fromEntries(Object.entries(given).map(([key, value]) => [byValueName.get(key) ?? key, value])),
  )
  let listed = 1
  for (const [key, definition] of ports) {
    if (definition.port!.direction !== 'input') continue
    const value = options[key]
    delete options[key]
    if (value === undefined) {
      if (definition.port!.optional !== true && definition.default !== undefined)
        throw missing(entry, key, definition)
      continue
    }
    const named = definition.list ? namedValues(key, value) : [[key, value] as const]
    for (const [variable, content] of named) {
      // an operator that works in place shall not reach the caller's chunk
      const own = definition.port!.mutates && isChunk(content) ? cloneChunk(content) : content
      variables[variable.replace(/\[.*\]$/, '')] = own
    }
    options[key] = definition.list ? named.map(([variable]) => variable) : key
    if (definition.list) listed = named.length
  }
  const results: Result[] = []
  for (const [key, { port, list }] of ports) {
    if (port!.direction !== 'output') continue
    const count = list ? ((options[key] as number | undefined) ?? listed) : 1
    const names = Array.from({ length: count }, (_, index) => (list ? `${key}${index + 1}` : key))
    options[key] = list ? names : key
    results.push({ name: valueName(key, entry.flags), variables: names, list: list ?? false })
  }
  if (results.length === 0)
    for (const name of entry.sets ?? []) results.push({ name, variables: [name], list: false })
  return { options, results }
}

/** A list of values, or a record whose keys name them. */
function namedValues(key: string, value: unknown): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((item, index) => [`${key}${index + 1}`, item] as const)
  if (typeof value === 'object' && value !== null && !isChunk(value)) return Object.entries(value)
  return [[`${key}1`, value]]
}

const missing = (entry: OperatorEntry, key: string, { summary }: FlagDefinition): Error =>
  chunkflowError('flag-missing', `${entry.name} needs "${valueName(key, entry.flags)}": ${summary}`, {
    fix: 'give it as a value: a chunk, where a chunk is read',
  })

/** Every operator as a function, those of installed plugins included. */
export const operatorFunctions = <T extends object>(): T =>
  new Proxy({} as T, {
    get: (_, property) => {
      // an object that is awaited by mistake is asked for this
      if (typeof property !== 'string' || property === 'then') return undefined
      return (given?: Values, settings?: CallSettings) => callOperator(kebabCase(property), given, settings)
    },
  })
