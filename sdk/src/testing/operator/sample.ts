import {
  type AnyOperator,
  type Chunk,
  channelCount,
  type Dtype,
  type FlagDefinition,
  isChunk,
  type OperatorDefinition,
  type PortTypes,
  parseOptions,
  type RawOptions,
  typeOfChunk,
  type VariableType,
  withProperties,
  type Zyx,
} from '@chunkflow/kernel/authoring'
import { ODD_PLACEMENT, ODD_SHAPE, randomChunk } from '../chunk-builders.js'
import { type OpenStep, type OperatorRun, openStep } from '../run-operator.js'

export type Variables = Readonly<Record<string, unknown>>

export interface ConformanceSettings
  extends Pick<OperatorRun, 'services' | 'workers' | 'assets' | 'globals' | 'taskRange'> {
  /** Options that make the operator run; everything else keeps its default. */
  readonly options?: RawOptions
  /** The chunk that every input port gets: uint8 and 3-D unless given. */
  readonly sample?: { readonly dtype?: Dtype; readonly channels?: number }
  /** Fresh variables for each run, instead of `sample`. @param size of the chunks among them, z y x */
  readonly variables?: (size: Zyx) => Variables
  /** Element types it must accept; it may refuse the others, by name. */
  readonly dtypes?: readonly Dtype[]
  /** The result depends on global positions. */
  readonly positionDependent?: boolean
  /** Size of the chunks with which memory is measured, 16 MiB unless given: less for slow operators. */
  readonly memorySampleBytes?: number
  /**
   * What lies outside the task and could be changed: the names and contents of files, say, as text. It must stay the
   * same in dry runs, in runs of operators that do not write, and when a task that was done is done again.
   */
  readonly outside?: () => string | Promise<string>
}

export interface Subject {
  readonly definition: OperatorDefinition
  readonly settings: ConformanceSettings
  readonly options: Readonly<Record<string, unknown>>
}

export const subjectOf = (definition: OperatorDefinition, settings: ConformanceSettings): Subject => ({
  definition,
  settings,
  options: parseOptions(definition, settings.options ?? {}),
})

export interface PortVariable {
  /** Flag key. */
  readonly key: string
  readonly name: string
  readonly mutates: boolean
  readonly nullable: boolean
}

/** The variables that ports of one direction name. */
export function portVariables(
  { definition, options }: Pick<Subject, 'definition' | 'options'>,
  direction: 'input' | 'output',
): PortVariable[] {
  return Object.entries(definition.flags as Record<string, FlagDefinition>).flatMap(([key, { port }]) => {
    if (port?.direction !== direction) return []
    const value = options[key]
    const names = typeof value === 'string' ? [value] : Array.isArray(value) ? (value as string[]) : []
    return names
      .map((name) => (port.syntax === 'layers' ? name.replace(/\[.*\]$/, '') : name))
      .filter((name) => !(port.syntax === 'none' && name === 'None'))
      .map((name) => ({ key, name, mutates: port.mutates ?? false, nullable: port.nullable ?? false }))
  })
}

/** Fresh variables whose chunks have a size. The same call gives the same voxels. */
export function sampleVariables(subject: Subject, size: Zyx = ODD_SHAPE, seed = 0): Variables {
  const { variables, sample: { dtype = 'uint8', channels } = {} } = subject.settings
  if (variables !== undefined) return variables(size)
  const shape = channels === undefined ? size : [channels, ...size]
  return Object.fromEntries(
    portVariables(subject, 'input').map(({ name }, index) => [
      name,
      randomChunk(shape, { dtype, ...ODD_PLACEMENT }, { seed: seed + index + 1 }),
    ]),
  )
}

/** The variables with every chunk among them changed. */
export const changeChunks = (variables: Variables, change: (chunk: Chunk) => Chunk): Variables =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, isChunk(value) ? change(value) : value]),
  )

/** A chunk in the same place with other voxels. */
export const redrawn = (
  chunk: Chunk,
  { shape = chunk.shape, dtype = chunk.dtype }: { shape?: readonly number[]; dtype?: Dtype },
): Chunk => randomChunk(shape, { dtype, voxelOffset: chunk.voxelOffset, voxelSize: chunk.voxelSize })

/** The shape with other spatial sizes and the same channels. */
export const spatially = (chunk: Chunk, size: Zyx): readonly number[] =>
  chunk.shape.length === 4 ? [channelCount(chunk), ...size] : size

/** What is known of the variables of input ports, by flag key, as the planner hands it to `infer`. */
export function portTypes(subject: Subject, variables: Variables): PortTypes {
  const types: Record<string, VariableType> = {}
  for (const { key, name } of portVariables(subject, 'input')) {
    const value = variables[name]
    if (isChunk(value)) types[key] = typeOfChunk(value)
  }
  return types
}

/** The step, for one or more tasks. */
export const open = ({ definition, settings }: Subject, run: Partial<OperatorRun> = {}): Promise<OpenStep> =>
  openStep(definition as AnyOperator, { ...settings, ...run })

/** One run on a task of its own: what the task holds afterwards. */
export async function results(subject: Subject, variables: Variables): Promise<Map<string, unknown>> {
  const step = await open(subject)
  try {
    const { task } = await step.run(variables)
    return new Map(task.names().map((name) => [name, task.get(name)]))
  } finally {
    await step.dispose()
  }
}

const bytesOf = ({ data }: Chunk): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

export const sameVoxels = (left: Chunk, right: Chunk): boolean =>
  left.dtype === right.dtype &&
  left.shape.join() === right.shape.join() &&
  Buffer.compare(bytesOf(left), bytesOf(right)) === 0

/** A copy of values that later changes do not reach. */
export const snapshot = (variables: Variables): Variables =>
  changeChunks(variables, (chunk) => withProperties(chunk, { data: chunk.data.slice() }))
